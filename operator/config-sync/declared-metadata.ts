/**
 * Tags, description, appName and type: what a NacosConfig declares of a dataId besides its content. What it does not
 * declare stays as it is in Nacos.
 */
import type { ConfigPublishOptions } from '../nacos/index.ts';
import type { DeclaringIntent } from './intent.ts';
import type { RemoteMetadata } from './ownership.ts';

/** What the dataId is to have, where Nacos holds `remote`. */
export function metadataToPublish(
  intent: DeclaringIntent,
  remote: RemoteMetadata | undefined,
  mark: string,
): RemoteMetadata {
  return {
    tags: intent.tags ?? remote?.tags ?? [],
    description: intent.description ?? remote?.description ?? '',
    appName: intent.appName ?? remote?.appName ?? '',
    type: intent.format,
    srcUser: mark,
    srcIp: '',
  };
}

/**
 * What of `wanted` a publish must name, where Nacos holds `remote`; undefined when that is not known. Tags and an appName
 * that it does not name stay, so a tag that a user has added in this moment stays as well. A description that it does not
 * name goes (seen on 2.3 and 3.1).
 */
export function toSend(
  intent: DeclaringIntent,
  wanted: RemoteMetadata,
  remote: RemoteMetadata | undefined,
): Pick<ConfigPublishOptions, 'appName' | 'description' | 'srcUser' | 'tags' | 'type'> {
  const { appName, description, srcUser, tags, type } = wanted;
  return {
    tags: intent.tags === undefined || (remote && sameSet(remote.tags, tags)) ? undefined : tags,
    appName: remote?.appName === appName ? undefined : appName,
    description,
    srcUser,
    type,
  };
}

/** Whether Nacos holds other tags, description, appName or type than those that are declared. */
export function metadataDiffers(intent: DeclaringIntent, remote: RemoteMetadata): boolean {
  return (
    (intent.tags !== undefined && !sameSet(intent.tags, remote.tags)) ||
    (intent.description !== undefined && intent.description !== remote.description) ||
    (intent.appName !== undefined && intent.appName !== remote.appName) ||
    (intent.declaresFormat && intent.format !== remote.type)
  );
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return new Set(a).size === new Set(b).size && a.every((item) => b.includes(item));
}
