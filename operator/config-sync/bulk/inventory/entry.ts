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
  if (base === undefined) return parts.join(' ');
  const writtenAt = base.writtenMs === undefined ? '' : `@${base.writtenMs}`;
  return [...parts, base.md5, `${base.isOurs ? 'o' : 't'}${writtenAt}`].join(' ');
}

const LINE =
  /^(?<group>\S+) (?<dataId>\S+) (?<kind>ConfigMap|Secret)\/(?<name>\S+) (?<key>\S+)( (?<md5>[0-9a-f]{32}) (?<writer>o|t)(@(?<ms>\d+))?)?$/;

/** Undefined for what is no entry, or one of another version of ours. */
export function entryOf(line: string): Entry | undefined {
  const found = LINE.exec(line)?.groups;
  if (found === undefined) return undefined;
  const { dataId = '', group = '', key = '', kind, md5, ms, name = '', writer } = found;
  const written = ms === undefined ? {} : { writtenMs: Number(ms) };
  const base = md5 === undefined ? undefined : { md5, isOurs: writer === 'o', ...written };
  return { config: { group, dataId }, ref: { kind: kind as KeyRef['kind'], name, key }, base };
}

/** Of what is said of a content, whoever reads the line learns nothing by trying contents. */
export function digestOf(md5: string, uid: string): string {
  return createHmac('sha256', uid).update(md5).digest('hex').slice(0, 32);
}
