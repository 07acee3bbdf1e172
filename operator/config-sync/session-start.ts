/**
 * Where a session begins: what a restart has left in the status of the NacosConfig.
 *
 * Pure. The status may be read from a cache and older than what is stored, so nothing here is taken for true: the base is
 * read again before a conflict is called on it, and what Nacos should hold it is asked to confirm.
 */
import type { NacosConfig } from '../api/resources.ts';
import { findCondition } from '../kube/conditions.ts';
import type { ConfigObservation } from '../nacos/config-client.ts';
import { md5OfObservation, observationOfContent } from '../nacos/config-snapshot.ts';
import type { ConfigIntent } from './intent.ts';

export interface SessionStart {
  /** The md5 that both sides last had in common. */
  baseMd5: string | undefined;
  /** The generation whose tags, description, appName and type are in Nacos. */
  metadataGeneration: number | undefined;
  /** What Nacos should hold; undefined where only a read can tell. */
  expected: ConfigObservation | undefined;
}

export function sessionStart({ status }: NacosConfig, intent: ConfigIntent): SessionStart {
  const baseMd5 = status?.syncedMd5;
  const isSynced = findCondition(status?.conditions, 'Synced')?.status === 'True';
  return {
    baseMd5,
    metadataGeneration: isSynced ? status?.observedGeneration : undefined,
    expected: expectedOf(intent, baseMd5),
  };
}

/** Only of what Kubernetes declares: a dataId that others write may hold anything. */
function expectedOf(intent: ConfigIntent, baseMd5: string | undefined): ConfigObservation | undefined {
  if (intent.source !== 'Kubernetes') return undefined;
  if (baseMd5 === undefined) return { kind: 'absent' };
  // What a ConfigMap or a Secret declares is not in memory yet.
  if (intent.content.kind !== 'inline') return undefined;
  const declared = observationOfContent(intent.content.content);
  return md5OfObservation(declared) === baseMd5 ? declared : undefined;
}
