/**
 * Our CustomResourceDefinitions in the cluster: made where they are missing, and otherwise left as they are, since a
 * cluster that is not ours may serve another version of them to somebody.
 */
import { isDeepStrictEqual } from 'node:util';
import { sleep, type Clock } from '../../operator/clock.ts';
import { BridgeError } from '../../operator/errors.ts';
import type { ResourceClient } from '../../operator/kube/resource-client.ts';
import { SANDBOX_MANAGER, type ManifestClient } from './manifest-client.ts';
import type { Manifest } from '../../operator/admission/package-files.ts';

interface DefinitionSpec {
  group: string;
  names: { kind: string };
  versions: { name: string; schema: unknown }[];
}

interface DefinitionStatus {
  conditions?: { type: string; status: string }[] | null;
}

const pauseMs = 50;

/**
 * Resolves when all are established, with the names of those that are there in another version. `made` gets the names of
 * those that were not there before, as soon as they are.
 *
 * @throws KUBE_*, ABORTED
 */
export async function installDefinitions(
  manifests: ManifestClient,
  definitions: readonly Manifest[],
  made: string[],
  clock: Clock,
  signal: AbortSignal,
): Promise<string[]> {
  const differing: string[] = [];
  for (const definition of definitions) {
    const client = await manifests.of(definition.apiVersion, definition.kind);
    const { name } = definition.metadata;
    const existing = await client.get(name);
    if (!existing) {
      await client.create(definition, { fieldManager: SANDBOX_MANAGER });
      made.push(name);
    } else if (!servesTheSame(existing, definition)) differing.push(name);
    await established(client, name, clock, signal);
  }
  return differing;
}

/** Removes those that were made, but for what somebody else uses meanwhile. */
export async function removeDefinitions(
  manifests: ManifestClient,
  definitions: readonly Manifest[],
  made: readonly string[],
): Promise<void> {
  for (const definition of definitions.filter(({ metadata }) => made.includes(metadata.name))) {
    const { group, names, versions } = definition['spec'] as DefinitionSpec;
    const objects = await manifests.of(`${group}/${versions[0]?.name ?? ''}`, names.kind);
    const { items } = await objects.list({ limit: 1 });
    if (items.length > 0) continue;
    const client = await manifests.of(definition.apiVersion, definition.kind);
    await client.delete(definition.metadata.name);
  }
}

/** The API server adds defaults beside the schemas, and none to them. */
function servesTheSame(existing: Manifest, definition: Manifest): boolean {
  const schemasOf = (manifest: Manifest) =>
    (manifest['spec'] as DefinitionSpec).versions.map(({ name, schema }) => ({ name, schema }));
  return isDeepStrictEqual(schemasOf(existing), schemasOf(definition));
}

async function established(
  client: ResourceClient<Manifest>,
  name: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const definition = await client.get(name);
    if (!definition) throw new BridgeError('KUBE_NOT_FOUND', `${name} was deleted`);
    const { conditions } = (definition['status'] ?? {}) as DefinitionStatus;
    if (conditions?.some(({ type, status }) => type === 'Established' && status === 'True')) return;
    await sleep(clock, pauseMs, signal);
  }
}
