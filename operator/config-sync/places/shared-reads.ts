/**
 * Reads of ConfigMaps or Secrets, one for all who need the same version at the same time: a thousand NacosConfigs may name the
 * keys of one ConfigMap, and all of them look when one key changes.
 *
 * Guarantees
 * - What is answered is at least as new as what the watch of the metadata had told when it was asked for. A change that the
 *   watch tells later brings everybody back, for a read of its own.
 * - Contents are kept for a moment only, and only of objects that several need; of them the latest sixteen.
 * - After `forget` the API server is asked.
 */
import type { Clock } from '../../clock.ts';
import type { ResourceClient } from '../../kube/resource-client.ts';
import type { KubeObject } from '../../kube/resource.ts';
import type { Store } from '../../kube/store.ts';

interface SharedReadsOptions<T extends KubeObject> {
  readonly client: Pick<ResourceClient<T>, 'get'>;
  /** Of the same objects, as the watch has told it; what it has not may not be there, or not be told yet. */
  readonly metadata: Pick<Store<KubeObject>, 'get'>;
  /** How many need the object of this key, `namespace/name`. */
  readonly readersOf: (key: string) => number;
  readonly clock: Clock;
}

/** Shared reads, or a client that reads each time. */
export interface Reads<T> {
  get(name: string, namespace: string): Promise<T | undefined>;
  forget?(name: string, namespace: string): void;
}

const KEPT_MS = 2000;
/** Of 1 MiB at most, as the API server takes them. */
const KEPT_OBJECTS = 16;

interface Read<T> {
  readonly answer: Promise<T | undefined>;
  /** What the watch had told when it was asked for. */
  readonly told: string;
  readonly untilMs: number;
  /** Of the answer. */
  version?: string;
}

export class SharedReads<T extends KubeObject> implements Reads<T> {
  readonly #options: SharedReadsOptions<T>;
  /** By key, the latest last. */
  readonly #reads = new Map<string, Read<T>>();

  constructor(options: SharedReadsOptions<T>) {
    this.#options = options;
  }

  /** The object, or undefined when there is none; it is shared, and must not be changed. */
  get(name: string, namespace: string): Promise<T | undefined> {
    const { clock, metadata } = this.#options;
    const key = `${namespace}/${name}`;
    const told = versionOf(metadata.get(key));
    const known = this.#reads.get(key);
    const isCurrent = known !== undefined && (known.told === told || known.version === told);
    if (isCurrent && clock.monotonic() < known.untilMs) return known.answer;
    const read = this.#ask(name, namespace, told);
    this.#reads.delete(key);
    this.#reads.set(key, read);
    clock.after(KEPT_MS, () => this.#drop(key, read));
    this.#dropOldest();
    return read.answer;
  }

  /** What was read is not so any more. */
  forget(name: string, namespace: string): void {
    this.#reads.delete(`${namespace}/${name}`);
  }

  #ask(name: string, namespace: string, told: string): Read<T> {
    const { client, clock, readersOf } = this.#options;
    const key = `${namespace}/${name}`;
    const answer = client.get(name, namespace);
    const read: Read<T> = { answer, told, untilMs: clock.monotonic() + KEPT_MS };
    answer.then(
      (object) => {
        read.version = versionOf(object);
        if (readersOf(key) < 2) this.#drop(key, read);
      },
      () => this.#drop(key, read),
    );
    return read;
  }

  #drop(key: string, read: Read<T>): void {
    if (this.#reads.get(key) === read) this.#reads.delete(key);
  }

  #dropOldest(): void {
    const [oldest] = this.#reads.keys();
    if (oldest !== undefined && this.#reads.size > KEPT_OBJECTS) this.#reads.delete(oldest);
  }
}

function versionOf(object: KubeObject | undefined): string {
  return object === undefined ? '' : `${object.metadata.uid} ${object.metadata.resourceVersion}`;
}
