/**
 * Writes the statuses of one resource, and remembers each until the watch has brought it back.
 *
 * A reconcile that runs again before its own status has come back would compare with the old one, and write the same
 * status a second time. `latest` gives it the object with the status that was written.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock.ts';
import type { ResourceClient } from './resource-client.ts';
import { objectKey, type KubeObject } from './resource.ts';
import { applyStatus } from './status.ts';

/** A watch that has not brought our status by then will not: the object has moved on, and its own status counts. */
const ECHO_LIMIT_MS = 10_000;

interface Written<S> {
  readonly status: S;
  readonly resourceVersion: string | undefined;
  readonly writtenMs: number;
}

export class StatusWriter<T extends KubeObject & { status?: unknown }> {
  readonly #client: ResourceClient<T>;
  readonly #fieldManager: string;
  readonly #clock: Clock;
  /** In order of writing. */
  readonly #written = new Map<string, Written<NonNullable<T['status']>>>();

  constructor(client: ResourceClient<T>, fieldManager: string, clock: Clock) {
    this.#client = client;
    this.#fieldManager = fieldManager;
    this.#clock = clock;
  }

  /** `cached` with the status that was written last, for as long as the watch may not have brought it. */
  latest(cached: T): T {
    const key = objectKey(cached);
    const written = this.#written.get(key);
    if (written === undefined) return cached;
    const isEchoed = cached.metadata.resourceVersion === written.resourceVersion;
    if (!isEchoed && this.#clock.monotonic() - written.writtenMs < ECHO_LIMIT_MS) {
      return { ...cached, status: written.status };
    }
    this.#written.delete(key);
    return cached;
  }

  /** Whether the object has the status that was written last. */
  isLast(object: T): boolean {
    return isDeepStrictEqual(this.#written.get(objectKey(object))?.status, object.status);
  }

  /** Writes `status` unless it is what the object has; `object` as `latest` gave it. */
  async write(object: T, status: NonNullable<T['status']>): Promise<void> {
    const applied = await applyStatus(this.#client, object, status, { fieldManager: this.#fieldManager });
    if (applied === undefined) return;
    const { resourceVersion } = applied;
    const key = objectKey(object);
    this.#prune();
    this.#written.delete(key);
    this.#written.set(key, { status, resourceVersion, writtenMs: this.#clock.monotonic() });
  }

  forget(key: string): void {
    this.#written.delete(key);
  }

  /** What the watch has brought meanwhile: most objects are not looked at again, and ten thousand statuses are not small. */
  #prune(): void {
    const oldestMs = this.#clock.monotonic() - ECHO_LIMIT_MS;
    for (const [key, { writtenMs }] of this.#written) {
      if (writtenMs >= oldestMs) return;
      this.#written.delete(key);
    }
  }
}
