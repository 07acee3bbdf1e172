/**
 * Objects of one type by namespace and label, and the other way round, selectors by a label that they ask for: finding the
 * pods of a Service, or the Services of a pod, costs what is found.
 */
import type { Change } from '../cluster.ts';
import type { KubeObject } from '../object.ts';
import { SetsByKey } from './sets-by-key.ts';
import type { Labels, LabelSelector } from './shapes.ts';
import { keyOf } from './typed-client.ts';

/** Keys of objects by their labels. */
export class LabelIndex {
  readonly #keys = new SetsByKey();

  apply({ type, object, previous }: Change): void {
    if (previous) this.#forEachLabel(previous, (label, key) => this.#keys.delete(label, key));
    if (type === 'DELETED') this.#forEachLabel(object, (label, key) => this.#keys.delete(label, key));
    else this.#forEachLabel(object, (label, key) => this.#keys.add(label, key));
  }

  /** Keys that may fit: all that carry the rarest of these labels. None for no labels. */
  candidates(namespace: string, labels: Labels = {}): string[] {
    const sets = Object.entries(labels).map(([name, value]) => this.#keys.get(indexKey(namespace, name, value)));
    const [first = new Set<string>(), ...others] = sets;
    return [...others.reduce((least, set) => (set.size < least.size ? set : least), first)];
  }

  #forEachLabel(object: KubeObject, each: (label: string, key: string) => void): void {
    const { namespace = '', labels = {} } = object.metadata;
    for (const [name, value] of Object.entries(labels)) each(indexKey(namespace, name, value), keyOf(object));
  }
}

/** Keys of objects by what they select. */
export class SelectorIndex {
  readonly #keys = new SetsByKey();
  readonly #selectorOf: (object: KubeObject) => LabelSelector | undefined;

  constructor(selectorOf: (object: KubeObject) => LabelSelector | undefined) {
    this.#selectorOf = selectorOf;
  }

  apply({ type, object, previous }: Change): void {
    if (previous) this.#keys.delete(this.#indexKey(previous), keyOf(previous));
    if (type === 'DELETED') this.#keys.delete(this.#indexKey(object), keyOf(object));
    else this.#keys.add(this.#indexKey(object), keyOf(object));
  }

  /** Keys whose selector may fit an object with these labels. */
  candidates(namespace: string, labels: Labels = {}): string[] {
    const found = [...this.#keys.get(indexKey(namespace))];
    for (const [name, value] of Object.entries(labels)) found.push(...this.#keys.get(indexKey(namespace, name, value)));
    return found;
  }

  #indexKey(object: KubeObject): string | undefined {
    const selector = this.#selectorOf(object);
    if (!selector) return undefined;
    const [first = []] = Object.entries(selector.matchLabels ?? {});
    return indexKey(object.metadata.namespace ?? '', ...first);
  }
}

function indexKey(namespace: string, name = '', value = ''): string {
  return `${namespace}/${name}=${value}`;
}
