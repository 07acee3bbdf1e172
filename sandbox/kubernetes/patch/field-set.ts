/**
 * An immutable set of paths through an object, as a trie: what a manager owns, or what a change touched.
 *
 * A path may be a member with or without members below it: owning `.metadata.labels` (the map is there because of me) is
 * something else than owning `.metadata.labels.app`. Operations are of sets of paths, so a path says nothing about those
 * below it; only `without` removes whole branches.
 *
 * Source: sigs.k8s.io/structured-merge-diff/v6/fieldpath/set.go and serialize.go.
 */
import { comparePathElements, parsePathElement } from './path-element.ts';
import type { PathElement } from './path-element.ts';

export type Path = readonly PathElement[];

/** What a set says of one path: whether it is in the set, and what is below it. */
export interface FieldNode {
  readonly isMember: boolean;
  readonly below: FieldSet;
}

export class FieldSet {
  static readonly empty = new FieldSet(new Map());
  /** What was encoded or decoded before: objects in the storage share these with their next versions. */
  static readonly #ofV1 = new WeakMap<object, FieldSet>();
  #v1: object | undefined;
  /** No node is there in vain: each is a member or has members below. */
  readonly #nodes: ReadonlyMap<PathElement, FieldNode>;

  private constructor(nodes: ReadonlyMap<PathElement, FieldNode>) {
    this.#nodes = nodes;
  }

  static of(...paths: readonly Path[]): FieldSet {
    let set = FieldSet.empty;
    for (const path of paths) set = set.union(branch(path));
    return set;
  }

  /** Nodes that say nothing are left out. */
  static fromNodes(nodes: Iterable<readonly [PathElement, FieldNode]>): FieldSet {
    const kept = new Map<PathElement, FieldNode>();
    for (const [element, node] of nodes) if (node.isMember || !node.below.isEmpty) kept.set(element, node);
    return kept.size === 0 ? FieldSet.empty : new FieldSet(kept);
  }

  /**
   * The same for the same object, which must not change any more.
   *
   * @throws SyntaxError when a step is no JSON, TypeError when the tree is none
   */
  static fromV1(fields: unknown): FieldSet {
    const object = objectOf(fields);
    let set = FieldSet.#ofV1.get(object);
    if (!set) FieldSet.#ofV1.set(object, (set = FieldSet.#decode(object)));
    return set;
  }

  static #decode(fields: object): FieldSet {
    const nodes: [PathElement, FieldNode][] = [];
    for (const [text, content] of Object.entries(fields)) {
      const element = text === '.' ? undefined : parsePathElement(text);
      if (element === undefined) continue;
      const below = FieldSet.#decode(objectOf(content));
      // A leaf is a member even where nobody wrote the dot.
      nodes.push([element, { isMember: below.isEmpty || Object.hasOwn(content as object, '.'), below }]);
    }
    return FieldSet.fromNodes(nodes);
  }

  toV1(): object {
    if (!this.#v1) FieldSet.#ofV1.set((this.#v1 = this.#encode()), this);
    return this.#v1;
  }

  #encode(): object {
    const entries = this.#sorted().map(([element, { isMember, below }]): [string, object] => {
      const content = below.#encode();
      return [element, isMember && !below.isEmpty ? { '.': {}, ...content } : content];
    });
    return Object.fromEntries(entries);
  }

  get isEmpty(): boolean {
    return this.#nodes.size === 0;
  }

  get(element: PathElement): FieldNode | undefined {
    return this.#nodes.get(element);
  }

  has(path: Path): boolean {
    const [first, ...rest] = path;
    const node = first === undefined ? undefined : this.#nodes.get(first);
    if (!node) return false;
    return rest.length === 0 ? node.isMember : node.below.has(rest);
  }

  nodes(): Iterable<readonly [PathElement, FieldNode]> {
    return this.#nodes;
  }

  equals(other: FieldSet): boolean {
    return this === other || (this.difference(other).isEmpty && other.difference(this).isEmpty);
  }

  union(other: FieldSet): FieldSet {
    if (other.isEmpty || this === other) return this;
    if (this.isEmpty) return other;
    const nodes = new Map(this.#nodes);
    for (const [element, node] of other.#nodes) {
      const own = nodes.get(element);
      nodes.set(element, own ? { isMember: own.isMember || node.isMember, below: own.below.union(node.below) } : node);
    }
    return new FieldSet(nodes);
  }

  intersection(other: FieldSet): FieldSet {
    if (this === other) return this;
    return this.#filter((element, node) => {
      const match = other.#nodes.get(element);
      return match && { isMember: node.isMember && match.isMember, below: node.below.intersection(match.below) };
    });
  }

  difference(other: FieldSet): FieldSet {
    if (other.isEmpty) return this;
    return this.#filter((element, node) => {
      const match = other.#nodes.get(element);
      if (!match) return node;
      return { isMember: node.isMember && !match.isMember, below: node.below.difference(match.below) };
    });
  }

  /** Without the members of `other` and all below them. */
  without(other: FieldSet): FieldSet {
    if (other.isEmpty) return this;
    return this.#filter((element, node) => {
      const match = other.#nodes.get(element);
      if (!match) return node;
      return match.isMember ? undefined : { isMember: node.isMember, below: node.below.without(match.below) };
    });
  }

  /** In the order of the API server: the members of a level, then what is below them. */
  paths(): Path[] {
    const sorted = this.#sorted();
    return [
      ...sorted.filter(([, node]) => node.isMember).map(([element]) => [element]),
      ...sorted.flatMap(([element, node]) => node.below.paths().map((path) => [element, ...path])),
    ];
  }

  #sorted(): [PathElement, FieldNode][] {
    return [...this.#nodes].sort(([a], [b]) => comparePathElements(a, b));
  }

  #filter(change: (element: PathElement, node: FieldNode) => FieldNode | undefined): FieldSet {
    const nodes: [PathElement, FieldNode][] = [];
    for (const [element, node] of this.#nodes) {
      const changed = change(element, node);
      if (changed) nodes.push([element, changed]);
    }
    return FieldSet.fromNodes(nodes);
  }
}

function branch(path: Path): FieldSet {
  const [first, ...rest] = path;
  if (first === undefined) return FieldSet.empty;
  return FieldSet.fromNodes([[first, { isMember: rest.length === 0, below: branch(rest) }]]);
}

function objectOf(value: unknown): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new TypeError('a set of fields must be an object');
}
