/**
 * An immutable set of paths through an object, as a trie: what a manager owns, or what a change touched.
 *
 * A path may be a member with or without members below it: owning `.metadata.labels` (the map is there because of me) is
 * something else than owning `.metadata.labels.app`. Operations are of sets of paths, so a path says nothing about those
 * below it.
 *
 * Source: sigs.k8s.io/structured-merge-diff/v6/fieldpath/set.go and serialize.go.
 */
import { mapOf } from './field-type.ts';
import type { PathElement } from './field-type.ts';

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

  /** Nodes that say nothing are left out. */
  static fromNodes(nodes: Iterable<readonly [PathElement, FieldNode]>): FieldSet {
    const kept = new Map<PathElement, FieldNode>();
    for (const [element, node] of nodes) if (node.isMember || !node.below.isEmpty) kept.set(element, node);
    return kept.size === 0 ? FieldSet.empty : new FieldSet(kept);
  }

  /** The same for the same object, which must not change any more. @throws TypeError when the tree is none */
  static fromV1(fields: unknown): FieldSet {
    const object = mapOf(fields);
    if (object === undefined) throw new TypeError('a set of fields must be an object');
    let set = FieldSet.#ofV1.get(object);
    if (set === undefined) {
      const entries = Object.entries(object).filter(([element]) => element !== '.');
      set = FieldSet.fromNodes(entries.map(([element, content]) => [element, FieldSet.#nodeFromV1(content)]));
      FieldSet.#ofV1.set(object, set);
    }
    return set;
  }

  static #nodeFromV1(content: unknown): FieldNode {
    const below = FieldSet.fromV1(content);
    // A leaf is a member even where nobody wrote the dot.
    return { isMember: below.isEmpty || Object.hasOwn(content as object, '.'), below };
  }

  toV1(): object {
    if (this.#v1 === undefined) {
      const entries = this.#sorted().map(([element, { isMember, below }]): [string, object] => {
        const content = below.toV1();
        return [element, isMember && !below.isEmpty ? { '.': {}, ...content } : content];
      });
      this.#v1 = Object.fromEntries(entries);
      FieldSet.#ofV1.set(this.#v1, this);
    }
    return this.#v1;
  }

  get isEmpty(): boolean {
    return this.#nodes.size === 0;
  }

  get(element: PathElement): FieldNode | undefined {
    return this.#nodes.get(element);
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
    return this.difference(this.difference(other));
  }

  difference(other: FieldSet): FieldSet {
    if (other.isEmpty) return this;
    return FieldSet.fromNodes(
      [...this.#nodes].map(([element, node]) => {
        const match = other.#nodes.get(element);
        if (!match) return [element, node];
        const isMember = node.isMember && !match.isMember;
        return [element, { isMember, below: node.below.difference(match.below) }];
      }),
    );
  }

  paths(): Path[] {
    return this.#sorted().flatMap(([element, { isMember, below }]) => [
      ...(isMember ? [[element]] : []),
      ...below.paths().map((path) => [element, ...path]),
    ]);
  }

  #sorted(): [PathElement, FieldNode][] {
    return [...this.#nodes].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}
