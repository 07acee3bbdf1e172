/**
 * What a NacosConfig asks for: its spec with every default filled in, so that nothing behind this file asks
 * "and if it is not set?".
 *
 * Pure. The API server has checked the schema and the CEL rules; what is checked again here is what an older stored
 * object, or a rule that CEL cannot say, may still break.
 */
import type { NacosConfig } from '../api/resources.ts';
import { DEFAULT_CONNECTION, type ConnectionKey } from '../connections/connection-key.ts';
import { BridgeError } from '../errors.ts';
import { normaliseNamespaceId, type ConfigKey } from '../nacos/config-key.ts';
import { formatOf, type ConfigFormat } from './formats/format.ts';

export type ContentSource = { kind: 'inline'; content: string } | { kind: 'configMap'; name: string; key: string };

export interface MirrorTarget {
  name: string;
  key: string;
}

interface CommonIntent {
  address: ConfigKey;
  mirror: MirrorTarget | undefined;
  suspend: boolean;
}

/** Declared here, published to Nacos. */
export interface PublishIntent extends CommonIntent {
  source: 'Kubernetes';
  content: ContentSource;
  format: ConfigFormat;
  /** Whether the resource names the format, rather than the dataId's extension. */
  declaresFormat: boolean;
  validateSyntax: boolean;
  driftPolicy: 'Revert' | 'Report';
  adoptionPolicy: 'Fail' | 'Adopt';
  deletionPolicy: 'Delete' | 'Retain';
  /** `undefined` leaves what Nacos holds. */
  tags: readonly string[] | undefined;
  description: string | undefined;
  appName: string | undefined;
}

/** Declared in Nacos, mirrored here. */
export interface MirrorIntent extends CommonIntent {
  source: 'Nacos';
  mirror: MirrorTarget;
}

export type ConfigIntent = PublishIntent | MirrorIntent;

const DATA_ID = /^[a-zA-Z0-9_:.-]{1,256}$/;
const CONFIG_MAP_KEY = /^[-._a-zA-Z0-9]{1,253}$/;

/**
 * `connectionNamespaceId` is the Nacos namespace of the connection, used where the resource names none.
 *
 * @throws BridgeError INVALID_SPEC, with the field, the value and the rule.
 */
export function compileIntent(resource: NacosConfig, connectionNamespaceId: string): ConfigIntent {
  const { spec, metadata } = resource;
  const dataId = spec.dataId ?? metadata.name;
  if (!DATA_ID.test(dataId)) {
    throw invalid('dataId', dataId, 'must be 1 to 256 letters, digits, and the characters _ - . :');
  }
  const common = {
    address: {
      namespaceId: normaliseNamespaceId(spec.namespaceId ?? connectionNamespaceId),
      group: spec.group ?? 'DEFAULT_GROUP',
      dataId,
    },
    mirror: mirrorOf(resource, dataId),
    suspend: spec.suspend ?? false,
  };
  if (sourceOf(resource) === 'Nacos') return mirrorIntent(resource, common);
  return {
    ...common,
    source: 'Kubernetes',
    content: contentOf(resource),
    format: formatOf(spec.format, dataId),
    declaresFormat: spec.format !== undefined,
    validateSyntax: spec.validation?.syntax ?? true,
    driftPolicy: spec.driftPolicy ?? 'Revert',
    adoptionPolicy: spec.adoptionPolicy ?? 'Fail',
    deletionPolicy: spec.deletionPolicy ?? 'Delete',
    tags: spec.tags,
    description: spec.description,
    appName: spec.appName,
  };
}

export function sourceOf({ spec }: NacosConfig): 'Kubernetes' | 'Nacos' {
  if (spec.source !== undefined) return spec.source;
  return spec.content !== undefined || spec.contentFrom !== undefined ? 'Kubernetes' : 'Nacos';
}

/** The connection's key: `namespace/name`, or the operator's default. */
export function connectionOf({ spec, metadata }: NacosConfig): ConnectionKey {
  return spec.connectionRef === undefined ? DEFAULT_CONNECTION : `${metadata.namespace}/${spec.connectionRef.name}`;
}

/** Whether deleting the resource has to reach Nacos, so that it needs our finalizer. */
export function deletesFromNacos(resource: NacosConfig): boolean {
  return sourceOf(resource) === 'Kubernetes' && (resource.spec.deletionPolicy ?? 'Delete') === 'Delete';
}

/** The keys `namespace/name` of the ConfigMaps that a NacosConfig reads or writes. */
export function configMapsOf({ spec, metadata }: NacosConfig): string[] {
  const names = [spec.contentFrom?.configMapKeyRef?.name, spec.mirror?.configMap.name];
  return names.filter((name) => name !== undefined).map((name) => `${metadata.namespace}/${name}`);
}

function contentOf({ spec }: NacosConfig): ContentSource {
  const reference = spec.contentFrom?.configMapKeyRef;
  if ((spec.content === undefined) === (reference === undefined)) {
    throw new BridgeError('INVALID_SPEC', '`spec` must have exactly one of `content` and `contentFrom`');
  }
  if (reference) return { kind: 'configMap', name: reference.name, key: reference.key };
  return { kind: 'inline', content: spec.content ?? '' };
}

function mirrorIntent({ spec }: NacosConfig, common: CommonIntent): MirrorIntent {
  if (spec.content !== undefined || spec.contentFrom !== undefined) {
    throw new BridgeError(
      'INVALID_SPEC',
      "`spec.content` and `spec.contentFrom` must not be set when `source` is 'Nacos'",
    );
  }
  if (common.mirror === undefined) {
    throw new BridgeError('INVALID_SPEC', "`spec.mirror` must be set when `source` is 'Nacos'");
  }
  return { ...common, source: 'Nacos', mirror: common.mirror };
}

function mirrorOf({ spec }: NacosConfig, dataId: string): MirrorTarget | undefined {
  if (spec.mirror === undefined) return undefined;
  const { name, key = dataId } = spec.mirror.configMap;
  if (!CONFIG_MAP_KEY.test(key)) {
    const rule = 'must be 1 to 253 letters, digits, and the characters - _ . (it is the dataId unless it is set)';
    throw invalid('mirror.configMap.key', key, rule);
  }
  return { name, key };
}

function invalid(field: string, value: string, rule: string): BridgeError {
  return new BridgeError('INVALID_SPEC', `\`spec.${field}\` '${value.slice(0, 100)}' ${rule}`);
}
