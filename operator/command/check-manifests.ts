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
  const others = [
    ...set.all('NacosConfigSync').map((entry) => syncProblems(entry)),
    ...set.all('NacosConnection').map((entry) => loginProblems(entry, set)),
  ];
  return { notChecked, problems: [...problems, ...(await Promise.all(others)).flat(), ...rivalClaims(intents, set)] };
}

async function syncProblems({ manifest, object: { metadata, spec } }: Entry<'NacosConfigSync'>): Promise<Problem[]> {
  const checks = [() => compileMapping(spec, metadata.namespace ?? ''), () => checkSchema(spec.validation.jsonSchema)];
  const problems = checks.map((check) => problemsOf(check, (error) => specProblem(manifest, error)));
  return (await Promise.all(problems)).flat();
}

/** A Secret that is not among the manifests may be anywhere. */
async function loginProblems({ manifest, object }: Entry<'NacosConnection'>, set: ManifestSet): Promise<Problem[]> {
  const name = secretNameOf(object);
  const secret = name === undefined ? undefined : set.find('Secret', object.metadata.namespace ?? '', name)?.object;
  if (secret === undefined) return [];
  const field = 'spec.auth.password.secretRef';
  return problemsOf(
    () => compileSettings(object, secret),
    ({ message }) => problemOf(manifest, field, message),
  );
}

async function problemsOf(check: () => unknown, told: (error: Error) => Problem): Promise<Problem[]> {
  try {
    await check();
    return [];
  } catch (error) {
    if (!isBridgeError(error)) throw error;
    return [told(error)];
  }
}
