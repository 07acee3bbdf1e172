/**
 * The decisions about one object with `source: Nacos`: which texts its keys get, and which of its keys go.
 *
 * Pure. Of several dataIds that mean one key the first has it, in the order of their names. A key that has none, or none
 * that exists, is gone. One whose dataId this process has never seen was made by another process or for another spec, and
 * may be the only place that still has what it holds: it goes only when everything else has its place.
 */
import { type ConfigName, nameText } from '../../nacos/index.ts';
import { utf8Of } from '../mirror/data-object.ts';
import type { Texts } from '../mirror/mirror-object.ts';
import type { MirrorKind } from '../mirror/mirror-target.ts';
import type { FollowedConfig } from './followed-config.ts';
import type { Mapping } from './mapping.ts';
import { skipped, type Outcome } from './tally.ts';

export type Claim = Pick<FollowedConfig, 'config' | 'ref' | 'observation'>;

export interface ObjectPlan {
  /** What Nacos has for the keys; a key without a text keeps what it holds. */
  readonly texts: Texts;
  /** How each dataId fares once the texts are written, by the text of its name; one that is not there has none. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
}

/** Undefined while one of the dataIds of the object was not read yet: nothing is decided about it then. */
export function planObject(
  claims: readonly Claim[],
  kind: MirrorKind,
  encoding: Mapping['secretEncoding'],
): ObjectPlan | undefined {
  if (claims.some(({ observation }) => observation === undefined)) return undefined;
  const texts = new Map<string, string>();
  const outcomes = new Map<string, Outcome>();
  const byKey = Map.groupBy(claims.flatMap(presentIn), ({ key }) => key);
  for (const [key, rivals] of byKey) {
    const [winner, ...others] = rivals.sort((a, b) => (a.id < b.id ? -1 : 1));
    if (winner === undefined) continue;
    const text = decode(winner.content, kind, encoding);
    if (text !== undefined) texts.set(key, text);
    outcomes.set(winner.id, text === undefined ? undecodable : synced(winner.md5));
    for (const { id } of others) outcomes.set(id, collision(key, winner.config));
  }
  return { texts: Object.fromEntries(texts), outcomes };
}

/** What is known of a key that is gone. */
export interface Evidence {
  readonly syncDeletion: boolean;
  /** Whether this process has seen a dataId of the key. */
  readonly wasSeen: boolean;
  /** Whether all dataIds are known. */
  readonly isComplete: boolean;
  /** Whether every dataId has its key, those of this object with the write that drops the key. */
  readonly isInSync: boolean;
}

/** Why it stays: the first that applies. */
const reasonsToStay: readonly { when: (evidence: Evidence) => boolean; why: string }[] = [
  { when: ({ syncDeletion }) => !syncDeletion, why: 'deletions are not synchronised' },
  { when: ({ wasSeen, isComplete }) => !wasSeen && !isComplete, why: 'its dataId may not be found yet' },
  { when: ({ wasSeen, isInSync }) => !wasSeen && !isInSync, why: 'what it holds may have no other place yet' },
];

/** Undefined for a key that is to go, as soon as it is settled that it is gone and the guard does not hold it. */
export function reasonToStay(evidence: Evidence): string | undefined {
  return reasonsToStay.find(({ when }) => when(evidence))?.why;
}

function presentIn({ config, ref: { key }, observation }: Claim) {
  return observation?.kind === 'present' ? [{ id: nameText(config), key, config, ...observation.snapshot }] : [];
}

function decode(content: string, kind: MirrorKind, encoding: Mapping['secretEncoding']): string | undefined {
  if (kind === 'ConfigMap' || encoding === 'Text') return content;
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(content)) return undefined;
  return utf8Of(content);
}

const undecodable: Outcome = {
  state: 'invalid',
  reason: 'InvalidContent',
  message: 'The content must be UTF-8 text in Base64, as this mapping has it for Secrets',
  md5: undefined,
};

function synced(md5: string): Outcome {
  return { state: 'synced', reason: '', message: '', md5 };
}

function collision(key: string, { group, dataId }: ConfigName): Outcome {
  const message = `key '${key}' holds dataId '${dataId}' of group '${group}', which means the same key`;
  return skipped('Collision', message);
}
