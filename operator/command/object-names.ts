/**
 * The name of the object for a dataId. It depends on group and dataId alone, so that every export calls it the same.
 *
 *   group          dataId     name
 *   DEFAULT_GROUP  legal      the dataId
 *   legal          legal      GROUP--DATAID
 *   any other                 what is legal of both, in lower case with hyphens for the rest, and a hash of both
 *
 * Guarantee: different configs have different names, as far as the hash goes. No plain name looks like one with a group or
 * with a hash.
 */
import { createHash } from 'node:crypto';
import { DEFAULT_GROUP } from '../api/names.ts';
import { DNS_LABEL, isObjectName, MAX_NAME_LENGTH } from '../kube/limits.ts';
import { type ConfigName, nameText } from '../nacos/index.ts';

const HASH_LENGTH = 8;
const BETWEEN = '--';
const HASHED = /-[0-9a-f]{8}$/;

export function objectName(config: ConfigName): string {
  const { dataId, group } = config;
  if (!isPlain(dataId)) return hashedName(config);
  if (group === DEFAULT_GROUP) return dataId;
  const name = `${group}${BETWEEN}${dataId}`;
  return DNS_LABEL.test(group) && !group.includes(BETWEEN) && isObjectName(name) ? name : hashedName(config);
}

function isPlain(dataId: string): boolean {
  return isObjectName(dataId) && !dataId.includes(BETWEEN) && !HASHED.test(dataId);
}

function hashedName(config: ConfigName): string {
  const { dataId, group } = config;
  const hash = createHash('sha256').update(nameText(config)).digest('hex').slice(0, HASH_LENGTH);
  const name = legalName(group === DEFAULT_GROUP ? dataId : `${group}-${dataId}`);
  return `${trimmed(name.slice(0, MAX_NAME_LENGTH - HASH_LENGTH - 1))}-${hash}`;
}

/** Never empty. A dot has letters or digits on both sides. */
function legalName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/[.-]*\.[.-]*/g, '.');
  return trimmed(name) || 'config';
}

/** Letters or digits at both ends. */
function trimmed(name: string): string {
  return name.replace(/^[.-]+|[.-]+$/g, '');
}
