/**
 * Which key of which object belongs to which dataId in which group: `spec.mapping`, compiled.
 *
 * Pure. A preset is a pair of templates like any other:
 *
 *   preset           group            dataId    read back
 *   ObjectPerGroup   {kind}.{name}    {key}     for each kind: the name from the group, the key from the dataId
 *   SingleObject     the group        {key}     the one object, the key from the dataId
 *   none, Both       as given         as given  `{name}` and `{key}` occur once, one in each: the rule that makes it invertible
 *
 * With `source: Nacos` and no preset the templates go the other way, and nothing has to be read back: several dataIds may
 * then mean one key, which is told as a collision.
 *
 * `ObjectPerGroup` is the layout that nacos-controller writes, down to the Base64 of Secrets.
 */
import { DEFAULT_GROUP } from '../../api/names.ts';
import type { NacosConfigSync } from '../../api/resources.ts';
import { BridgeError } from '../../errors.ts';
import { type ConfigName, wildcard } from '../../nacos/index.ts';
import type { MirrorKind } from '../mirror/mirror-target.ts';
import { fill, occurrences, readBack } from './template.ts';

/** One key of one object of the namespace. */
export interface KeyRef {
  readonly kind: MirrorKind;
  readonly name: string;
  readonly key: string;
}

export function objectText({ kind, name }: Pick<KeyRef, 'kind' | 'name'>): string {
  return `${kind}/${name}`;
}

/** Neither a name nor a key may hold a blank. */
export function refText(ref: KeyRef): string {
  return `${objectText(ref)} ${ref.key}`;
}

export interface Mapping {
  /** Undefined for an object that the mapping does not mean. */
  toNacos(ref: KeyRef): ConfigName | undefined;
  /** Undefined for a dataId that the mapping does not mean. */
  toKubernetes(name: ConfigName): KeyRef | undefined;
  /** All that may be meant, as groups and dataIds in which `*` stands for any text. */
  readonly patterns: readonly ConfigName[];
  /** How the texts of Secrets appear in Nacos. */
  readonly secretEncoding: 'Text' | 'Base64';
}

type Spec = NacosConfigSync['spec'];

/** @throws BridgeError INVALID_SPEC, with the field and the rule. */
export function compileMapping(spec: Spec, namespace: string): Mapping {
  const mapping = compileWhole(spec, namespace);
  const { exclude } = spec.kubernetes ?? {};
  return exclude ? without(exclude, mapping) : mapping;
}

/** What matches one of the patterns is meant in neither direction. */
function without(exclude: readonly string[], mapping: Mapping): Mapping {
  const patterns = exclude.map((pattern) => ({ isMatch: wildcard(pattern), hasKey: pattern.includes('/') }));
  const isMeant = ({ key, name }: KeyRef) =>
    !patterns.some(({ hasKey, isMatch }) => isMatch(hasKey ? `${name}/${key}` : name));
  return {
    ...mapping,
    toNacos: (ref) => (isMeant(ref) ? mapping.toNacos(ref) : undefined),
    toKubernetes(found) {
      const ref = mapping.toKubernetes(found);
      return ref && isMeant(ref) ? ref : undefined;
    },
  };
}

function compileWhole(spec: Spec, namespace: string): Mapping {
  const { preset, group, dataId = '{key}', objectName, key = '{dataId}' } = spec.mapping;
  const kinds = spec.kubernetes?.kinds ?? ['ConfigMap'];
  if (preset === 'ObjectPerGroup') {
    return invertible({ group: '{kind}.{name}', dataId: '{key}', kinds, namespace, secretEncoding: 'Base64' });
  }
  const [kind = 'ConfigMap'] = kinds;
  if (preset === 'SingleObject') {
    if (objectName === undefined) throw invalid("`spec.mapping.objectName` must be set with the preset 'SingleObject'");
    return singleObject({ kind, name: objectName }, group ?? DEFAULT_GROUP);
  }
  if (spec.source === 'Nacos') {
    if (objectName === undefined) throw invalid("`spec.mapping.objectName` must be set when `source` is 'Nacos'");
    return fromNacos({ objectName, key, kind, namespace });
  }
  if (group === undefined) throw invalid('`spec.mapping.group` must be set when there is no preset');
  const templates = { group, dataId, kinds, namespace, secretEncoding: 'Text' } as const;
  if (spec.source === 'Both') return invertible(templates);
  return toNacosOnly(templates);
}

interface Templates {
  readonly group: string;
  readonly dataId: string;
  readonly kinds: readonly MirrorKind[];
  readonly namespace: string;
  readonly secretEncoding: Mapping['secretEncoding'];
}

function toNacosOnly({ group, dataId, kinds, namespace, secretEncoding }: Templates): Mapping {
  const fillIn = (ref: KeyRef): ConfigName => {
    const values = { ...ref, kind: ref.kind.toLowerCase(), namespace };
    return { group: fill(group, values), dataId: fill(dataId, values) };
  };
  return {
    toNacos: (ref) => (kinds.includes(ref.kind) ? fillIn(ref) : undefined),
    toKubernetes: () => undefined,
    patterns: kinds.map((kind) => fillIn({ kind, name: '*', key: '*' })),
    secretEncoding,
  };
}

function invertible(templates: Templates): Mapping {
  const { group, dataId, kinds, namespace } = templates;
  const nameFirst = isOnceEach(group, 'name', dataId, 'key');
  if (!nameFirst && !isOnceEach(group, 'key', dataId, 'name')) {
    const rule = 'must have `{name}` once and `{key}` once, one in `group` and the other in `dataId`';
    throw invalid(`\`spec.mapping\` ${rule}, so that each dataId belongs to one key`);
  }
  const read = (found: ConfigName, kind: MirrorKind): KeyRef | undefined => {
    const values = { kind: kind.toLowerCase(), namespace };
    const inGroup = readBack(group, nameFirst ? 'name' : 'key', found.group, values);
    const inDataId = readBack(dataId, nameFirst ? 'key' : 'name', found.dataId, values);
    if (inGroup === undefined || inDataId === undefined) return undefined;
    return nameFirst ? { kind, name: inGroup, key: inDataId } : { kind, name: inDataId, key: inGroup };
  };
  return {
    ...toNacosOnly(templates),
    toKubernetes: (found) => kinds.map((kind) => read(found, kind)).find((ref) => ref !== undefined),
  };
}

function singleObject({ kind, name }: Omit<KeyRef, 'key'>, group: string): Mapping {
  return {
    toNacos: (ref) => (ref.kind === kind && ref.name === name ? { group, dataId: ref.key } : undefined),
    toKubernetes: (found) => (found.group === group ? { kind, name, key: found.dataId } : undefined),
    patterns: [{ group, dataId: '*' }],
    secretEncoding: 'Text',
  };
}

function fromNacos(templates: { objectName: string; key: string; kind: MirrorKind; namespace: string }): Mapping {
  const { objectName, key, kind, namespace } = templates;
  return {
    toNacos: () => undefined,
    toKubernetes(found) {
      const values = { ...found, namespace };
      return { kind, name: fill(objectName, values), key: fill(key, values) };
    },
    patterns: [{ group: '*', dataId: '*' }],
    secretEncoding: 'Text',
  };
}

function isOnceEach(first: string, inFirst: string, second: string, inSecond: string): boolean {
  const isOnceIn = (template: string, name: string, other: string) =>
    occurrences(template, name) === 1 && occurrences(template, other) === 0;
  return isOnceIn(first, inFirst, inSecond) && isOnceIn(second, inSecond, inFirst);
}

function invalid(message: string): BridgeError {
  return new BridgeError('INVALID_SPEC', message);
}
