/**
 * Tags, description, appName and type: what a NacosConfig declares of a dataId besides its content. What it does not
 * declare stays as it is in Nacos.
 */
import type { DeclaringIntent } from './intent.ts';
import { tagsToPublish, withoutMarks, type RemoteMetadata } from './ownership.ts';

/** What to publish, where Nacos holds `remote`. */
export function metadataToPublish(
  intent: DeclaringIntent,
  remote: RemoteMetadata | undefined,
  mark: string,
): RemoteMetadata {
  return {
    tags: tagsToPublish(intent.tags, remote, mark),
    description: intent.description ?? remote?.description ?? '',
    appName: intent.appName ?? remote?.appName ?? '',
    type: intent.format,
    srcUser: mark,
    srcIp: '',
  };
}

/** Whether Nacos holds other tags, description, appName or type than those that are declared. */
export function metadataDiffers(intent: DeclaringIntent, remote: RemoteMetadata): boolean {
  return (
    (intent.tags !== undefined && !sameSet(intent.tags, withoutMarks(remote.tags))) ||
    (intent.description !== undefined && intent.description !== remote.description) ||
    (intent.appName !== undefined && intent.appName !== remote.appName) ||
    (intent.declaresFormat && intent.format !== remote.type)
  );
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return new Set(a).size === new Set(b).size && a.every((item) => b.includes(item));
}
