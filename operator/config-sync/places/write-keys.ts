/**
 * Writes some keys of one ConfigMap that belongs to users.
 *
 * Guarantees: only these keys are written, with the resourceVersion that was read as precondition, and never by force; a
 * ConfigMap that does not exist is created without an owner, since its content is worth more than the resource.
 */
import { FIELD_MANAGER } from '../../api/names.ts';
import { BridgeError, isBridgeError } from '../../errors.ts';
import { MAX_DATA_BYTES } from '../../kube/limits.ts';
import type { ObjectMeta } from '../../kube/resource.ts';
import type { ResourceClient } from '../../kube/resource-client.ts';
import type { ConfigMap } from '../mirror/data-object.ts';

interface WrittenMap {
  readonly name: string;
  readonly namespace: string;
  /** Undefined where there was no such ConfigMap. */
  readonly resourceVersion: string | undefined;
  /** Given with the keys; others stay. */
  readonly annotations?: ObjectMeta['annotations'];
}

export interface KeyWrite {
  readonly key: string;
  readonly content: string;
  /** Whether it was read in `binaryData`, where text may stand as well. */
  readonly isBinary: boolean;
}

/** @throws BridgeError KUBE_CONFLICT when it was changed since. */
export async function writeKeys(
  client: ResourceClient<ConfigMap>,
  { name, namespace, resourceVersion, annotations }: WrittenMap,
  writes: readonly KeyWrite[],
): Promise<void> {
  const data = Object.fromEntries(writes.map(({ key, content }) => [key, content]));
  const options = { fieldManager: FIELD_MANAGER };
  if (resourceVersion === undefined) {
    await client.create(
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, annotations }, data },
      options,
    );
    return;
  }
  // The API server takes a key in one of the two only.
  const binary = writes.filter(({ isBinary }) => isBinary).map(({ key }) => [key, null]);
  const binaryData = binary.length > 0 ? Object.fromEntries(binary) : undefined;
  try {
    await client.mergePatch(name, namespace, { metadata: { resourceVersion, annotations }, data, binaryData }, options);
  } catch (error) {
    throw isBridgeError(error, 'KUBE_NOT_FOUND') ? changed(name, error) : error;
  }
}

export function changed(name: string, cause?: unknown): BridgeError {
  return new BridgeError('KUBE_CONFLICT', `ConfigMap '${name}' was changed meanwhile`, { cause });
}

/** Why a ConfigMap could not have so many bytes; undefined when it can. */
export function tooManyBytes(name: string, bytes: number): BridgeError | undefined {
  if (bytes <= MAX_DATA_BYTES) return undefined;
  const message = `ConfigMap '${name}' would have ${bytes} bytes and must have at most ${MAX_DATA_BYTES}`;
  return new BridgeError('INVALID_CONTENT', message);
}
