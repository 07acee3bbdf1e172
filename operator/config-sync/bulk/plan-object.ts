/**
 * The decision for one object with `source: Nacos`: which text each of its keys is to hold, and why not.
 *
 * Pure.
 *
 *   dataIds of the key         what the object holds   evidence             the key
 *   one present                -                       -                    holds its content
 *   several present            -                       -                    holds the first one's; the others collide
 *   one not read yet           -                       -                    nothing is decided about the object
 *   present, not decodable     a text                  -                    keeps it, and the item is invalid
 *   none, or all removed       a text                  no `syncDeletion`    keeps it
 *   none                       a text                  not complete         keeps it
 *   none, or all removed       a text                  may not drop yet     keeps it for now
 *   none, or all removed       a text                  complete             goes
 */
import { type ConfigName, type ConfigObservation, nameText } from '../../nacos/index.ts';
import { utf8Of } from '../mirror/data-object.ts';
import type { MirrorKind } from '../mirror/mirror-target.ts';
import type { Mapping } from './mapping.ts';
import type { Outcome } from './tally.ts';

export interface Claim {
  readonly config: ConfigName;
  /** Undefined until it was read. */
  readonly observation: ConfigObservation | undefined;
}

export interface ObjectInput {
  readonly kind: MirrorKind;
  readonly encoding: Mapping['secretEncoding'];
  /** The dataIds of each key. */
  readonly claims: ReadonlyMap<string, readonly Claim[]>;
  /** The texts that we have put into the object. */
  readonly existing: Readonly<Record<string, string>>;
  readonly syncDeletion: boolean;
  /** Whether all dataIds are known. */
  readonly isComplete: boolean;
  /** Whether the key has been without a dataId for long enough, and no guard holds it. */
  readonly mayDrop: (key: string) => boolean;
}

export interface ObjectPlan {
  readonly entries: Readonly<Record<string, string>>;
  /** Keys that go now, and those that will when they may. */
  readonly dropped: readonly string[];
  readonly leaving: readonly string[];
  /** How each dataId fares once the entries are written; one that is not there has none. */
  readonly outcomes: readonly (readonly [ConfigName, Outcome])[];
}

/** Undefined while a dataId was not read yet. */
export function planObject(input: ObjectInput): ObjectPlan | undefined {
  const { claims, existing, isComplete, mayDrop, syncDeletion } = input;
  const entries: Record<string, string> = {};
  const outcomes: [ConfigName, Outcome][] = [];
  const unclaimed = new Set(Object.keys(existing));
  for (const [key, claimants] of claims) {
    if (claimants.some(({ observation }) => observation === undefined)) return undefined;
    const content = contentOf(key, claimants, input, outcomes);
    if (content === undefined) continue;
    unclaimed.delete(key);
    if (content.text !== undefined) entries[key] = content.text;
  }
  const dropped: string[] = [];
  const leaving: string[] = [];
  for (const key of unclaimed) {
    const isKnown = claims.has(key) || isComplete;
    const goes = syncDeletion && isKnown;
    if (goes) (mayDrop(key) ? dropped : leaving).push(key);
    if (!goes || !mayDrop(key)) entries[key] = existing[key] ?? '';
  }
  return { entries, dropped, leaving, outcomes };
}

/** Undefined when no dataId of the key exists. */
function contentOf(
  key: string,
  claimants: readonly Claim[],
  { kind, encoding, existing }: ObjectInput,
  outcomes: [ConfigName, Outcome][],
): { text: string | undefined } | undefined {
  const present = claimants
    .flatMap(({ config, observation }) =>
      observation?.kind === 'present' ? [{ config, ...observation.snapshot }] : [],
    )
    .sort((a, b) => (nameText(a.config) < nameText(b.config) ? -1 : 1));
  const [winner, ...others] = present;
  if (winner === undefined) return undefined;
  for (const { config } of others) outcomes.push([config, collision(key, winner.config)]);
  const text = decode(winner.content, kind, encoding);
  outcomes.push([winner.config, text === undefined ? undecodable : synced(winner.md5)]);
  return { text: text ?? existing[key] };
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
  return { state: 'skipped', reason: 'Collision', message, md5: undefined };
}
