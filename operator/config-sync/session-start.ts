/**
 * Where a session begins: what a restart has left in the status of the NacosConfig.
 *
 * Pure. The status may be read from a cache and older than what is stored, so nothing here is taken for true: the base is
 * read again before a conflict is called on it, and which version Nacos should hold it is asked to confirm.
 */
import type { NacosConfig } from '../api/resources.ts';
import { findCondition } from '../kube/conditions.ts';
import { absentMd5 } from '../nacos/index.ts';
import { sourceOf } from './intent.ts';

export interface SessionStart {
  /** The md5 that both sides last had in common. */
  baseMd5: string | undefined;
  /** The generation whose tags, description, appName and type are in Nacos. */
  metadataGeneration: number | undefined;
  /** Of what Nacos should hold, '' for nothing; undefined where only a read can tell. */
  expectedMd5: string | undefined;
}

export function sessionStart(resource: NacosConfig): SessionStart {
  const { status } = resource;
  const isSynced = findCondition(status?.conditions, 'Synced')?.status === 'True';
  return {
    baseMd5: status?.syncedMd5,
    metadataGeneration: isSynced ? status?.observedGeneration : undefined,
    expectedMd5: expectedMd5Of(resource),
  };
}

/** What it was last seen to hold; before the first time nothing is there that Kubernetes declares. */
function expectedMd5Of(resource: NacosConfig): string | undefined {
  const { nacosMd5, syncedMd5 } = resource.status ?? {};
  if (nacosMd5 !== undefined) return nacosMd5;
  return sourceOf(resource) === 'Kubernetes' && syncedMd5 === undefined ? absentMd5 : undefined;
}
