/**
 * The decisions about one object with `source: Nacos`: which texts its keys get, and which of its keys go.
 *
 * Pure. Of several dataIds that mean one key the first has it, in the order of their names. A key that has none, or none
 * that exists, is gone. One whose dataId this process has never seen was made by another process or for another spec, and
 * may be the only place that still has what it holds: it goes only when everything else has its place.
 */
import { type ConfigName, type ConfigObservation, nameText } from '../../nacos/index.ts';
import { utf8Of } from '../mirror/data-object.ts';
import type { Texts } from '../mirror/mirror-object.ts';
import type { MirrorKind } from '../mirror/mirror-target.ts';
import type { KeyRef, Mapping } from './mapping.ts';
import { skipped, type Outcome } from './tally.ts';

/** A dataId that was found, and the key that it means. */
export interface Claim {
  readonly config: ConfigName;
  readonly ref: KeyRef;
  /** What Nacos serves; undefined until it was read, and while it was found only just now and is not served yet. */
  readonly observation: ConfigObservation | undefined;
}

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
    const { config, content, id, md5 } = winner;
    const text = decode(content, kind, encoding);
    if (text !== undefined) texts.set(key, text);
    outcomes.set(id, text === undefined ? undecodable : { state: 'synced', reason: '', message: '', md5 });
    for (const other of others) outcomes.set(other.id, collision(key, config));
  }
  return { texts: Object.fromEntries(texts), outcomes };
}

/** What is known of a key that is gone. */
export interface Evidence {
  readonly syncDeletion: boolean;
  /** Whether this process has seen a dataId of the key. */
  readonly wasSeen: boolean;
  /** Whether all dataIds are known, and each has its key: those of this object with the write that drops the key. */
  readonly isInSync: boolean;
}

/** Whether it is to go, as soon as it is settled that it is gone and the guard does not hold it. */
export function isToGo({ isInSync, syncDeletion, wasSeen }: Evidence): boolean {
  return syncDeletion && (wasSeen || isInSync);
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

function collision(key: string, { group, dataId }: ConfigName): Outcome {
  return skipped('Collision', `key '${key}' holds dataId '${dataId}' of group '${group}', which means the same key`);
}
