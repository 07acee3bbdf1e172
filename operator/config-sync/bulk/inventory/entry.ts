/**
 * One entry of an inventory, as a line: `group dataId Kind/name key`, and once both sides were equal the base, which is
 * the md5 that they had and who wrote it to Nacos.
 *
 * Pure. No part needs escaping, since none may hold a blank: groups and dataIds are checked by legal-names.ts, names and keys
 * by the API server. The base of a Secret's key is a digest that only who knows the Secret can make: its uid is part of it.
 */
import { createHmac } from 'node:crypto';
import { type ConfigName, nameText } from '../../../nacos/index.ts';
import { objectText, type KeyRef } from '../mapping.ts';

/** A key of an object and the dataId that belongs to it. */
export interface Item {
  readonly ref: KeyRef;
  readonly config: ConfigName;
}

/** What both sides last had in common, as it is recorded. */
export interface EntryBase {
  /** Of a Secret's key `digestOf` it. */
  readonly md5: string;
  /** Whether the dataId is ours there. */
  readonly isOurs: boolean;
  /** When somebody else wrote just that, in milliseconds of the server's clock; undefined where nobody did, or Nacos did not tell. */
  readonly writtenMs?: number;
}

export interface Entry extends Item {
  /** Undefined before both sides were equal, and while a write to Kubernetes is under way. */
  readonly base: EntryBase | undefined;
}

export function idOf({ config }: Item): string {
  return nameText(config);
}

/** @throws TypeError for a part that holds a blank, which would be read as two. */
export function lineOf({ base, config, ref }: Entry): string {
  const parts = [config.group, config.dataId, objectText(ref), ref.key];
  if (parts.some((part) => !/^\S+$/.test(part))) throw new TypeError(`'${parts.join("' '")}' must hold no blank`);
  return [...parts, ...(base ? [base.md5, writerOf(base)] : [])].join(' ');
}

/** Undefined for what is no entry, or one of another version of ours. */
export function entryOf(line: string): Entry | undefined {
  const [, group, dataId, kind, name, key, , md5, writer, ms] = LINE.exec(line) ?? [];
  if (group === undefined || dataId === undefined || name === undefined || key === undefined) return undefined;
  const item = { config: { group, dataId }, ref: { kind: kind as KeyRef['kind'], name, key } };
  if (md5 === undefined) return { ...item, base: undefined };
  const writtenMs = ms === undefined ? undefined : Number(ms);
  return { ...item, base: { md5, isOurs: writer === 'o', ...(writtenMs !== undefined && { writtenMs }) } };
}

/** Of what is said of a content, whoever reads the line learns nothing by trying contents. */
export function digestOf(md5: string, uid: string): string {
  return createHmac('sha256', uid).update(md5).digest('hex').slice(0, 32);
}

const LINE = /^(\S+) (\S+) (ConfigMap|Secret)\/(\S+) (\S+)( ([0-9a-f]{32}) (o|t)(?:@(\d+))?)?$/;

function writerOf({ isOurs, writtenMs }: EntryBase): string {
  return `${isOurs ? 'o' : 't'}${writtenMs === undefined ? '' : `@${writtenMs}`}`;
}
