/**
 * Every type that is served, found by path and by kind: the built-in ones, and those of the CRDs that are established.
 */
import { apiVersionOf } from '../resource-type.ts';
import type { ResourceType, ResourceTypes } from '../resource-type.ts';
import { builtInTypes } from './built-in-types.ts';

export class TypeRegistry implements ResourceTypes {
  readonly #builtIn: readonly ResourceType[];
  /** By the name of the CRD. */
  readonly #custom = new Map<string, readonly ResourceType[]>();
  readonly #byPath = new Map<string, ResourceType>();
  readonly #byKind = new Map<string, ResourceType>();
  readonly #listeners = new Set<() => void>();
  #all: readonly ResourceType[] = [];
  #revision = 0;

  constructor(builtIn: readonly ResourceType[] = builtInTypes()) {
    this.#builtIn = builtIn;
    this.#index();
  }

  /** Counts the changes of the set; what is derived from it (discovery, OpenAPI) is kept by this number. */
  get revision(): number {
    return this.#revision;
  }

  find(group: string, version: string, plural: string): ResourceType | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`);
  }

  findKind(apiVersion: string, kind: string): ResourceType | undefined {
    return this.#byKind.get(`${apiVersion}/${kind}`);
  }

  list(): readonly ResourceType[] {
    return this.#all;
  }

  /** Serves these types of one CRD, instead of those that it had. No types: it is gone. */
  serve(crdName: string, types: readonly ResourceType[]): void {
    if (types.length === 0) this.#custom.delete(crdName);
    else this.#custom.set(crdName, types);
    this.#index();
    for (const listener of this.#listeners) listener();
  }

  /** Told after each change of the set; returns what ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #index(): void {
    this.#revision += 1;
    this.#all = [...this.#builtIn, ...[...this.#custom.values()].flat()];
    this.#byPath.clear();
    this.#byKind.clear();
    for (const type of this.#all) {
      this.#byPath.set(`${type.group}/${type.version}/${type.plural}`, type);
      this.#byKind.set(`${apiVersionOf(type)}/${type.kind}`, type);
    }
  }
}
