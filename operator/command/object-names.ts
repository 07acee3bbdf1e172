/**
 * Names of objects for dataIds: the dataId itself where that is a legal name, else what is left of it in lower case with
 * hyphens for what a name may not have.
 *
 * Guarantees: the names depend on the set of configs alone, not on their order; where several configs come to one name,
 * each but the one that is called exactly so in DEFAULT_GROUP gets a hash of its group and dataId.
 */
import { createHash } from 'node:crypto';
import { DEFAULT_GROUP } from '../api/names.ts';
import { MAX_NAME_LENGTH } from '../kube/limits.ts';
import { type ConfigName, nameText } from '../nacos/index.ts';

const HASH_LENGTH = 8;

/** By `nameText`. */
export function objectNames(configs: readonly ConfigName[]): Map<string, string> {
  const byName = Map.groupBy(configs, ({ dataId }) => legalName(dataId));
  const names = new Map<string, string>();
  for (const [name, rivals] of byName) {
    for (const config of rivals) {
      const keeps = rivals.length === 1 || (config.group === DEFAULT_GROUP && config.dataId === name);
      names.set(nameText(config), keeps ? name : withHash(name, config));
    }
  }
  return names;
}

/** Never empty. A dot has letters or digits on both sides. */
function legalName(dataId: string): string {
  const name = dataId
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/[.-]*\.[.-]*/g, '.');
  return trimmed(name.slice(0, MAX_NAME_LENGTH)) || 'config';
}

function withHash(name: string, config: ConfigName): string {
  const hash = createHash('sha256').update(nameText(config)).digest('hex').slice(0, HASH_LENGTH);
  return `${trimmed(name.slice(0, MAX_NAME_LENGTH - HASH_LENGTH - 1))}-${hash}`;
}

/** Letters or digits at both ends. */
function trimmed(name: string): string {
  return name.replace(/^[.-]+|[.-]+$/g, '');
}
