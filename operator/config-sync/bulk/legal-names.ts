/**
 * Names that one side has and the other cannot: what is not legal there is told, and never dropped in silence.
 *
 * Pure. Of Kubernetes names nearly all are legal in Nacos, but for their length; a group or a dataId may have colons, capital
 * letters and underscores where an object or a key must not.
 */
import { DATA_KEY_RULE, isDataKey, isObjectName, OBJECT_NAME_RULE } from '../../kube/limits.ts';
import type { ConfigName } from '../../nacos/index.ts';
import type { KeyRef } from './mapping.ts';

const GROUP = /^[A-Za-z0-9._:-]{1,128}$/;
const DATA_ID = /^[A-Za-z0-9._:-]{1,256}$/;

/** Why Nacos could not hold it; undefined when it can. */
export function illegalInNacos({ group, dataId }: ConfigName): string | undefined {
  if (!GROUP.test(group)) return breaks('group', group, 'must be 1 to 128 letters, digits, and the characters _ - . :');
  if (DATA_ID.test(dataId)) return undefined;
  return breaks('dataId', dataId, 'must be 1 to 256 letters, digits, and the characters _ - . :');
}

/** Why the API server would refuse it; undefined when it would not. */
export function illegalInKubernetes({ kind, name, key }: KeyRef): string | undefined {
  if (!isObjectName(name)) return breaks(`name of the ${kind}`, name, OBJECT_NAME_RULE);
  return isDataKey(key) ? undefined : breaks('key', key, DATA_KEY_RULE);
}

function breaks(what: string, value: string, rule: string): string {
  const shown = value.length > 80 ? `${value.slice(0, 80)}…` : value;
  return `The ${what} would be '${shown}' and ${rule}`;
}
