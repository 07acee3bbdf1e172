/**
 * Two resources that claim one thing that only one of them can own: a dataId to publish, or an object to mirror into.
 *
 * The first in the order of the files is taken for the owner; the others are told.
 */
import { connectionOf, type ConfigIntent } from '../config-sync/intent.ts';
import { controllerOf } from '../kube/owner.ts';
import { keyText } from '../nacos/index.ts';
import { placeText, type Entry, type ManifestSet } from './manifest-set.ts';
import type { Manifest } from './manifest.ts';
import { problemOf, type Problem } from './problem.ts';
import type { DeclaredConfig } from './sync-items.ts';

export interface CompiledConfig extends DeclaredConfig {
  readonly intent: ConfigIntent;
}

export function rivalClaims(configs: readonly CompiledConfig[], set: ManifestSet): Problem[] {
  return [...rivalsForDataIds(configs, set), ...rivalsForObjects(configs, set)];
}

function rivalsForDataIds(configs: readonly CompiledConfig[], set: ManifestSet): Problem[] {
  const owners = new Map<string, Manifest>();
  return configs.flatMap(({ entry, intent, origin }) => {
    // What a NacosConfigSync has made is among its items already.
    const isMade = origin === undefined && controllerOf(entry.object) !== undefined;
    if (intent.source === 'Nacos' || isMade) return [];
    const { field, manifest } = origin ?? { field: 'spec.dataId', manifest: entry.manifest };
    const rival = claim(owners, `${serversOf(entry, set)} ${keyText(intent.address)}`, manifest);
    if (rival === undefined) return [];
    const { dataId, group } = intent.address;
    const title = origin === undefined ? 'the dataId' : `dataId '${dataId}' of group '${group}'`;
    const message = `${title} is already declared by ${titleOf(rival)}; only one of them can own it`;
    return [problemOf(manifest, field, message)];
  });
}

/** By what its connection says, where that is among the manifests: several may lead to the same servers. */
function serversOf({ object }: Entry<'NacosConfig'>, set: ManifestSet): string {
  const { connectionRef } = object.spec;
  const connection = connectionRef && set.find('NacosConnection', object.metadata.namespace ?? '', connectionRef.name);
  if (!connection) return connectionOf(object);
  const { servers } = connection.object.spec;
  return JSON.stringify(servers.map(({ host, port }) => `${host}:${port}`).toSorted());
}

interface ObjectClaim {
  readonly manifest: Manifest;
  readonly field: string;
  readonly namespace: string;
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
}

function rivalsForObjects(configs: readonly CompiledConfig[], set: ManifestSet): Problem[] {
  const owners = new Map<string, Manifest>();
  const claims = [...configs.flatMap(mirrorOf), ...set.all('NacosConfigSync').flatMap(mirrorOfSync)];
  return claims.flatMap(({ field, kind, manifest, name, namespace }) => {
    const title = `${kind} '${name}'`;
    const rival = claim(owners, `${namespace}/${title}`, manifest);
    if (rival) {
      const message = `${titleOf(rival)} mirrors into ${title} already; only one of them can own it`;
      return [problemOf(manifest, field, message)];
    }
    const declared = set.find(kind, namespace, name);
    if (declared === undefined || (declared.object.metadata.ownerReferences ?? []).length > 0) return [];
    const message = `${title} is declared in ${placeText(declared.manifest)}; only an object of its own is mirrored into`;
    return [problemOf(manifest, field, message)];
  });
}

/** Each content of an immutable mirror has an object of its own. */
function mirrorOf({ entry, intent: { mirror } }: CompiledConfig): ObjectClaim[] {
  if (mirror === undefined || mirror.immutable) return [];
  const { manifest, object } = entry;
  const { kind, name } = mirror;
  const field = `spec.mirror.${kind === 'ConfigMap' ? 'configMap' : 'secret'}.name`;
  return [{ manifest, field, namespace: object.metadata.namespace ?? '', kind, name }];
}

/** Where the name of its object does not depend on what is found. */
function mirrorOfSync({ manifest, object }: Entry<'NacosConfigSync'>): ObjectClaim[] {
  const { kubernetes, mapping, source } = object.spec;
  const { objectName: name } = mapping;
  if (source !== 'Nacos' || name === undefined || name.includes('{')) return [];
  const [kind = 'ConfigMap'] = kubernetes?.kinds ?? [];
  return [{ manifest, field: 'spec.mapping.objectName', namespace: object.metadata.namespace ?? '', kind, name }];
}

/** Returns who has it already. */
function claim(owners: Map<string, Manifest>, key: string, manifest: Manifest): Manifest | undefined {
  const owner = owners.get(key);
  if (owner === undefined) owners.set(key, manifest);
  return owner;
}

function titleOf(manifest: Manifest): string {
  return `${manifest.title} in ${placeText(manifest)}`;
}
