/**
 * Two resources that claim one thing that only one of them can own: a dataId to publish, an object to mirror into, or a key
 * to merge into an object of others.
 *
 * The first in the order of the files is taken for the owner; the others are told.
 */
import { connectionOf, type ConfigIntent } from '../config-sync/intent.ts';
import type { DataObject } from '../config-sync/mirror/data-object.ts';
import { mergeManager, refusalOf } from '../config-sync/mirror/merged-keys.ts';
import type { MirrorKind } from '../config-sync/mirror/mirror-target.ts';
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
  return [...rivalsForDataIds(configs, set), ...rivalsForObjects(configs, set), ...rivalsForKeys(configs, set)];
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
  readonly kind: MirrorKind;
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

/** What the operator would refuse of keys that are merged, by what the files say of the object. */
function rivalsForKeys(configs: readonly CompiledConfig[], set: ManifestSet): Problem[] {
  const owners = new Map<string, Manifest>();
  return configs.flatMap(({ entry, intent: { mirror } }) => {
    if (!mirror?.isMerged) return [];
    const { manifest, object: owner } = entry;
    const { content, kind, name } = mirror;
    const { name: configName, namespace = '' } = owner.metadata;
    const title = `${kind} '${name}'`;
    // Which keys `Env` makes only the content tells.
    const keys = content.format === 'File' ? [content.key] : [];
    const rivals = keys.flatMap((key) => claim(owners, `${namespace}/${title} ${key}`, manifest) ?? []);
    const taken = rivals.map((rival) => `${titleOf(rival)} merges the key '${keys[0]}' into ${title} already`);
    const declared = set.find(kind, namespace, name)?.object;
    const refusal = declared && refusalOf(withText(declared), { kind, owner, manager: mergeManager(configName), keys });
    const refused = refusal === undefined ? [] : [`${title} ${refusal}`];
    return [...taken, ...refused].map((message) => problemOf(manifest, fieldOf(kind), message));
  });
}

/** A Secret as it will be stored. */
function withText(object: DataObject & { readonly stringData?: Record<string, string> }): DataObject {
  return { ...object, data: { ...object.data, ...object.stringData } };
}

/** Each content of an immutable mirror has an object of its own, and one that is merged has but keys. */
function mirrorOf({ entry, intent: { mirror } }: CompiledConfig): ObjectClaim[] {
  if (mirror === undefined || mirror.immutable || mirror.isMerged) return [];
  const { manifest, object } = entry;
  const { kind, name } = mirror;
  return [{ manifest, field: fieldOf(kind), namespace: object.metadata.namespace ?? '', kind, name }];
}

function fieldOf(kind: MirrorKind): string {
  return `spec.mirror.${kind === 'ConfigMap' ? 'configMap' : 'secret'}.name`;
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
