/**
 * What can be wrong with manifests beyond what the API server checks, and the operator would refuse: each resource by
 * itself, and several that claim one thing.
 */
import { compileSettings, secretNameOf } from '../connections/settings.ts';
import { isBridgeError } from '../errors.ts';
import { checkConfigs, checkSchema, type ConfigChecks } from './check-configs.ts';
import type { Entry, ManifestSet } from './manifest-set.ts';
import { problemOf, specProblem, type Problem } from './problem.ts';
import { rivalClaims } from './rival-claims.ts';
import { itemsOf, type SyncItems } from './sync-items.ts';

export async function checkManifests(set: ManifestSet): Promise<ConfigChecks> {
  const syncs = await Promise.all(set.all('NacosConfigSync').map((entry) => syncChecks(entry, set)));
  const configs = [...set.all('NacosConfig').map((entry) => ({ entry })), ...syncs.flatMap(({ items }) => items)];
  const { intents, notChecked, problems } = await checkConfigs(configs, set);
  const logins = set.all('NacosConnection').flatMap((entry) => loginProblems(entry, set));
  return {
    notChecked,
    problems: [...problems, ...syncs.flatMap((sync) => sync.problems), ...logins, ...rivalClaims(intents, set)],
  };
}

/** Of one that is wrong by itself no items are looked at. */
async function syncChecks(entry: Entry<'NacosConfigSync'>, set: ManifestSet): Promise<SyncItems> {
  try {
    await checkSchema(entry.object.spec.validation.jsonSchema);
    return itemsOf(entry, set);
  } catch (error) {
    if (!isBridgeError(error)) throw error;
    return { items: [], problems: [specProblem(entry.manifest, error)] };
  }
}

/** A Secret that is not among the manifests may be anywhere. */
function loginProblems({ manifest, object }: Entry<'NacosConnection'>, set: ManifestSet): Problem[] {
  const name = secretNameOf(object);
  const secret = name === undefined ? undefined : set.find('Secret', object.metadata.namespace ?? '', name)?.object;
  if (secret === undefined) return [];
  try {
    compileSettings(object, secret);
    return [];
  } catch (error) {
    if (!isBridgeError(error)) throw error;
    return [problemOf(manifest, 'spec.auth.password.secretRef', error.message)];
  }
}
