/** One key of a ConfigMap that belongs to users, written as write-keys.ts says. */
import { ownValue } from '../../kube/own-value.ts';
import type { ResourceClient } from '../../kube/resource-client.ts';
import { bytesByKey, type ConfigMap } from '../mirror/data-object.ts';
import { absent, present, textOfConfigMap, type ContentPlace, type DeclaredContent } from './content-place.ts';
import { authorOf } from './field-author.ts';
import type { Reads } from './shared-reads.ts';
import { tooManyBytes, writeKeys } from './write-keys.ts';

export class ConfigMapPlace implements ContentPlace {
  readonly isSecret = false;
  readonly namespace: string;
  readonly #configMaps: ResourceClient<ConfigMap>;
  readonly #name: string;
  readonly #key: string;
  readonly #reads: Reads<ConfigMap>;
  /** As last read. */
  #object: ConfigMap | undefined;
  /** Whether the key was among those of `binaryData`, where text may stand as well. */
  #isInBinaryData = false;

  constructor(
    configMaps: ResourceClient<ConfigMap>,
    namespace: string,
    name: string,
    key: string,
    reads: Reads<ConfigMap> = configMaps,
  ) {
    this.#configMaps = configMaps;
    this.#reads = reads;
    this.namespace = namespace;
    this.#name = name;
    this.#key = key;
  }

  get title(): string {
    return `key '${this.#key}' of ConfigMap '${this.#name}'`;
  }

  async read(): Promise<DeclaredContent> {
    const object = await this.#reads.get(this.#name, this.namespace);
    this.#object = object;
    if (object === undefined) return absent(`ConfigMap '${this.#name}' does not exist`);
    const { resourceVersion, managedFields } = object.metadata;
    this.#isInBinaryData = ownValue(object.binaryData, this.#key) !== undefined;
    const content = textOfConfigMap(object, this.#key, this.title);
    if (content !== undefined) {
      const field = this.#isInBinaryData ? 'binaryData' : 'data';
      return present(content, resourceVersion, async () => authorOf(managedFields, [field, this.#key]));
    }
    return absent(`ConfigMap '${this.#name}' has no key '${this.#key}'; ${keysOf(object)}`, resourceVersion);
  }

  async write(content: string, { resourceVersion }: DeclaredContent): Promise<void> {
    const otherBytes = this.#object === undefined ? 0 : bytesBeside(this.#key, this.#object);
    const problem = tooManyBytes(this.#name, otherBytes + Buffer.byteLength(content));
    if (problem) throw problem;
    const object = { name: this.#name, namespace: this.namespace, resourceVersion };
    try {
      await writeKeys(this.#configMaps, object, [{ key: this.#key, content, isBinary: this.#isInBinaryData }]);
    } finally {
      // Written, or changed by somebody else.
      this.#reads.forget?.(this.#name, this.namespace);
    }
  }
}

function keysOf({ data = {} }: ConfigMap): string {
  const names = Object.keys(data).slice(0, 10);
  return names.length === 0 ? 'it has no keys' : `it has ${names.map((name) => `'${name}'`).join(', ')}`;
}

function bytesBeside(key: string, object: ConfigMap): number {
  const others = [...bytesByKey('ConfigMap', object)].filter(([name]) => name !== key);
  return others.reduce((sum, [, bytes]) => sum + bytes, 0);
}
