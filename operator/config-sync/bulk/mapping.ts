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
import { fill, placeholders, readBack, type Values } from './template.ts';

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

/** For messages. */
export function refTitle({ kind, name, key }: KeyRef): string {
  return `key '${key}' of ${kind} '${name}'`;
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
  const [kind = 'ConfigMap'] = kinds;
  const common = { kinds, namespace, secretEncoding: 'Text' } as const;
  if (preset === 'ObjectPerGroup') {
    const templates = { ...common, group: '{kind}.{name}', dataId: '{key}', secretEncoding: 'Base64' } as const;
    return byTemplates(templates, true);
  }
  if (preset === 'SingleObject') {
    if (objectName === undefined) throw invalid("`spec.mapping.objectName` must be set with the preset 'SingleObject'");
    const templates = { kinds: [kind], name: objectName, group: group ?? DEFAULT_GROUP, dataId: '{key}' };
    return byTemplates({ ...common, ...templates }, true);
  }
  if (spec.source === 'Nacos') {
    if (objectName === undefined) throw invalid("`spec.mapping.objectName` must be set when `source` is 'Nacos'");
    return fromNacos({ name: objectName, key }, kind, namespace);
  }
  if (group === undefined) throw invalid('`spec.mapping.group` must be set when there is no preset');
  return byTemplates({ ...common, group, dataId }, spec.source === 'Both');
}

interface Templates extends ConfigName {
  readonly kinds: readonly MirrorKind[];
  /** Of the only object that is meant, if there is one. */
  readonly name?: string;
  readonly namespace: string;
  readonly secretEncoding: Mapping['secretEncoding'];
}

/** `isReadBack`: whether each dataId is to lead back to its key. */
function byTemplates(
  { group, dataId, kinds, name, namespace, secretEncoding }: Templates,
  isReadBack: boolean,
): Mapping {
  const unknown = [group, dataId].map((text) => placeholders(text).filter((one) => one === 'name' || one === 'key'));
  if (isReadBack && name === undefined && !['name/key', 'key/name'].includes(unknown.join('/'))) {
    const rule = 'must have `{name}` once and `{key}` once, one in `group` and the other in `dataId`';
    throw invalid(`\`spec.mapping\` ${rule}, so that each dataId belongs to one key`);
  }
  const knownOf = (kind: MirrorKind): Values => ({ kind: kind.toLowerCase(), namespace, ...(name && { name }) });
  const fillBoth = (values: Values): ConfigName => ({ group: fill(group, values), dataId: fill(dataId, values) });
  const read = (found: ConfigName, kind: MirrorKind): KeyRef[] => {
    const known = knownOf(kind);
    const [inGroup, inDataId] = [readBack(group, found.group, known), readBack(dataId, found.dataId, known)];
    const { name: object, key } = { ...known, ...inGroup, ...inDataId } as Partial<KeyRef>;
    return inGroup && inDataId && object && key ? [{ kind, name: object, key }] : [];
  };
  return {
    toNacos(ref) {
      const isMeant = kinds.includes(ref.kind) && ref.name === (name ?? ref.name);
      return isMeant ? fillBoth({ ...ref, ...knownOf(ref.kind) }) : undefined;
    },
    toKubernetes: (found) => (isReadBack ? kinds.flatMap((kind) => read(found, kind))[0] : undefined),
    patterns: kinds.map((kind) => fillBoth({ name: '*', key: '*', ...knownOf(kind) })),
    secretEncoding,
  };
}

function fromNacos(templates: Omit<KeyRef, 'kind'>, kind: MirrorKind, namespace: string): Mapping {
  return {
    toNacos: () => undefined,
    toKubernetes(found) {
      const values = { ...found, namespace };
      return { kind, name: fill(templates.name, values), key: fill(templates.key, values) };
    },
    patterns: [{ group: '*', dataId: '*' }],
    secretEncoding: 'Text',
  };
}

function invalid(message: string): BridgeError {
  return new BridgeError('INVALID_SPEC', message);
}
