/**
 * What can be wrong with manifests beyond what the API server checks, and the operator would refuse: each resource by
 * itself, and several that claim one thing.
 */
import { compileMapping } from '../config-sync/bulk/mapping.ts';
import { compileSettings, secretNameOf } from '../connections/settings.ts';
import { isBridgeError } from '../errors.ts';
import { checkConfigs, checkSchema, type ConfigChecks } from './check-configs.ts';
import type { Entry, ManifestSet } from './manifest-set.ts';
import { problemOf, specProblem, type Problem } from './problem.ts';
import { rivalClaims } from './rival-claims.ts';

export async function checkManifests(set: ManifestSet): Promise<ConfigChecks> {
  const { intents, notChecked, problems } = await checkConfigs(set);
  const syncs = set.all('NacosConfigSync').flatMap((entry) => syncProblems(entry));
  const logins = set.all('NacosConnection').flatMap((entry) => loginProblems(entry, set));
  return { notChecked, problems: [...problems, ...syncs, ...logins, ...rivalClaims(intents, set)] };
}

function syncProblems({ manifest, object: { metadata, spec } }: Entry<'NacosConfigSync'>): Problem[] {
  const checks = [() => compileMapping(spec, metadata.namespace ?? ''), () => checkSchema(spec.validation.jsonSchema)];
  return checks.flatMap((check) => problemsOf(check, (error) => specProblem(manifest, error)));
}

/** A Secret that is not among the manifests may be anywhere. */
function loginProblems({ manifest, object }: Entry<'NacosConnection'>, set: ManifestSet): Problem[] {
  const name = secretNameOf(object);
  const secret = name === undefined ? undefined : set.find('Secret', object.metadata.namespace ?? '', name)?.object;
  if (secret === undefined) return [];
  const field = 'spec.auth.password.secretRef';
  return problemsOf(
    () => compileSettings(object, secret),
    ({ message }) => problemOf(manifest, field, message),
  );
}

function problemsOf(check: () => unknown, told: (error: Error) => Problem): Problem[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!isBridgeError(error)) throw error;
    return [told(error)];
  }
}
