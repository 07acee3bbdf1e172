/**
 * What a NacosConfig asks for: its spec with every default filled in, so that nothing behind this file asks
 * "and if it is not set?".
 *
 * Pure. The API server has checked the schema and the CEL rules; what is checked again here is what an older stored
 * object, or a rule that CEL cannot say, may still break.
 */
import { DEFAULT_GROUP, KEEP_ANNOTATION } from '../api/names.ts';
import type { NacosConfig, NacosConfigSync } from '../api/resources.ts';
import { connectionKey, type ConnectionKey } from '../connections/connection-key.ts';
import { BridgeError } from '../errors.ts';
import { type ConfigKey, nameText, normaliseNamespaceId } from '../nacos/index.ts';
import { isPlaceConfig } from './base/nacos-place.ts';
import { formatOf, type ConfigFormat } from './formats/format.ts';
import { compileMirror, type MirrorTarget } from './mirror/mirror-target.ts';
import type { ContentRules } from './validation.ts';

/** Where Kubernetes declares the content, as the spec says it. */
export type ContentSource =
  | { kind: 'inline'; content: string }
  | { kind: 'configMap'; name: string; key: string }
  | { kind: 'secret'; name: string; key: string; encoding: 'Text' | 'Base64' };

export interface WorkloadRef {
  kind: 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'CronJob' | 'Rollout';
  name: string;
}

export interface RolloutIntent {
  /** `auto`: those whose pods mount or read the mirrored object. */
  workloads: readonly WorkloadRef[] | 'auto';
  debounceSeconds: number;
}

interface CommonIntent {
  address: ConfigKey;
  mirror: MirrorTarget | undefined;
  rollout: RolloutIntent | undefined;
  format: ConfigFormat;
  suspend: boolean;
}

/** What is published besides the content; `undefined` leaves what Nacos holds. */
interface DeclaredMetadata {
  /** Whether the resource names the format, rather than the dataId's extension. */
  declaresFormat: boolean;
  tags: readonly string[] | undefined;
  description: string | undefined;
  appName: string | undefined;
}

/** Declared here, published to Nacos. */
export interface PublishIntent extends CommonIntent, DeclaredMetadata {
  source: 'Kubernetes';
  content: ContentSource;
  validation: ContentRules;
  driftPolicy: 'Revert' | 'Report' | 'Adopt';
  adoptionPolicy: 'Fail' | 'Adopt';
  deletionPolicy: 'Delete' | 'Retain';
}

/** A key of a ConfigMap and the dataId follow each other. */
export interface TwoWayIntent extends CommonIntent, DeclaredMetadata {
  source: 'Both';
  content: ContentSource & { kind: 'configMap' };
  validation: ContentRules;
  conflictPolicy: 'Manual' | 'PreferKubernetes' | 'PreferNacos';
}

/** Declared in Nacos, mirrored here. */
interface MirrorIntent extends CommonIntent {
  source: 'Nacos';
  mirror: MirrorTarget;
  validation: ContentRules;
}

/** How a person decides a conflict. */
export interface KeepRequest {
  /** Of the content to keep; undefined while nobody has decided. */
  readonly md5: string | undefined;
  /** The command that decides for the content with this md5, and against the other one. */
  readonly command: (kept: string, other?: string) => string;
}

/** The intents that have content in Kubernetes. */
export type DeclaringIntent = PublishIntent | TwoWayIntent;
export type ConfigIntent = DeclaringIntent | MirrorIntent;

const DATA_ID = /^[a-zA-Z0-9_:.-]{1,256}$/;

/**
 * `connectionNamespaceId` is the Nacos namespace of the connection, used where the resource names none.
 *
 * @throws BridgeError INVALID_SPEC, with the field, the value and the rule.
 */
export function compileIntent(resource: NacosConfig, connectionNamespaceId: string): ConfigIntent {
  const common = commonIntent(resource, connectionNamespaceId);
  switch (sourceOf(resource)) {
    case 'Nacos':
      return mirrorIntent(resource, common);
    case 'Both':
      return twoWayIntent(resource, common);
    case 'Kubernetes':
      return publishIntent(resource, common);
  }
}

export function sourceOf({ spec }: NacosConfig): 'Kubernetes' | 'Nacos' | 'Both' {
  if (spec.source !== undefined) return spec.source;
  return spec.content !== undefined || spec.contentFrom !== undefined ? 'Kubernetes' : 'Nacos';
}

/** What it wants alone, in whatever Nacos: the name of the dataId whose content it declares; undefined when it declares none. */
export function claimOf(resource: NacosConfig | undefined): string | undefined {
  if (resource === undefined || sourceOf(resource) === 'Nacos') return undefined;
  const { dataId = resource.metadata.name, group } = resource.spec;
  return nameText({ group, dataId });
}

/** The connection's key: `namespace/name`, or the operator's default. */
export function connectionOf({ spec, metadata }: NacosConfig | NacosConfigSync): ConnectionKey {
  return connectionKey(metadata.namespace, spec.connectionRef?.name);
}

/** Whether Kubernetes has the content in a Secret alone, read from it or mirrored into it. */
export function isSecret(resource: NacosConfig): boolean {
  const { contentFrom, mirror } = resource.spec;
  return contentFrom?.secretKeyRef !== undefined || (sourceOf(resource) === 'Nacos' && mirror?.secret !== undefined);
}

/** Whether deleting the resource has to reach Nacos, so that it needs our finalizer. */
export function deletesFromNacos(resource: NacosConfig): boolean {
  return sourceOf(resource) === 'Kubernetes' && (resource.spec.deletionPolicy ?? 'Delete') === 'Delete';
}

/** The annotation that decides one conflict. */
export function keepRequestOf({ metadata }: NacosConfig): KeepRequest {
  const { annotations, name, namespace } = metadata;
  const command = `kubectl annotate nacosconfig ${name} -n ${namespace} --overwrite ${KEEP_ANNOTATION}=`;
  return { md5: annotations?.[KEEP_ANNOTATION], command: (kept) => command + kept };
}

/** The keys `namespace/name` of the ConfigMaps that a NacosConfig reads or writes. */
export function configMapsOf({ spec, metadata }: NacosConfig): string[] {
  return keysOf(metadata.namespace, [spec.contentFrom?.configMapKeyRef?.name, spec.mirror?.configMap?.name]);
}

/** The keys `namespace/name` of the Secrets that a NacosConfig reads or writes. */
export function secretsOf({ spec, metadata }: NacosConfig): string[] {
  return keysOf(metadata.namespace, [spec.contentFrom?.secretKeyRef?.name, spec.mirror?.secret?.name]);
}

function commonIntent({ spec, metadata }: NacosConfig, connectionNamespaceId: string): CommonIntent {
  const dataId = spec.dataId ?? metadata.name;
  if (!DATA_ID.test(dataId)) {
    throw invalid(
      `\`spec.dataId\` '${dataId.slice(0, 100)}' must be 1 to 256 letters, digits, and the characters _ - . :`,
    );
  }
  const namespaceId = normaliseNamespaceId(spec.namespaceId ?? connectionNamespaceId);
  const group = spec.group ?? DEFAULT_GROUP;
  if (isPlaceConfig({ group, dataId })) {
    throw invalid(`\`spec.dataId\` must not be '${dataId}' in group '${group}', by which the Nacos namespace is known`);
  }
  return {
    address: { namespaceId, group, dataId },
    mirror: compileMirror(spec.mirror, dataId),
    rollout: rolloutOf(spec),
    format: formatOf(spec.format, dataId),
    suspend: spec.suspend ?? false,
  };
}

function publishIntent(resource: NacosConfig, common: CommonIntent): PublishIntent {
  const { spec } = resource;
  const content = contentSourceOf(resource);
  const driftPolicy = spec.driftPolicy ?? 'Revert';
  if (content.kind === 'secret') checkSecretExport(resource, common.mirror);
  return {
    ...common,
    ...declaredMetadata(resource),
    source: 'Kubernetes',
    content,
    validation: rulesOf(resource),
    driftPolicy,
    adoptionPolicy: spec.adoptionPolicy ?? 'Fail',
    deletionPolicy: spec.deletionPolicy ?? 'Delete',
  };
}

function twoWayIntent(resource: NacosConfig, common: CommonIntent): TwoWayIntent {
  const content = contentSourceOf(resource);
  if (content.kind !== 'configMap') {
    throw invalid("`spec.contentFrom.configMapKeyRef` must be set when `source` is 'Both'");
  }
  return {
    ...common,
    ...declaredMetadata(resource),
    source: 'Both',
    content,
    validation: rulesOf(resource),
    conflictPolicy: resource.spec.conflictPolicy ?? 'Manual',
  };
}

function mirrorIntent(resource: NacosConfig, common: CommonIntent): MirrorIntent {
  const { spec } = resource;
  if (spec.content !== undefined || spec.contentFrom !== undefined) {
    throw invalid("`spec.content` and `spec.contentFrom` must not be set when `source` is 'Nacos'");
  }
  if (common.mirror === undefined) throw invalid("`spec.mirror` must be set when `source` is 'Nacos'");
  return { ...common, source: 'Nacos', mirror: common.mirror, validation: rulesOf(resource) };
}

function contentSourceOf({ spec }: NacosConfig): ContentSource {
  const { configMapKeyRef, secretKeyRef } = spec.contentFrom ?? {};
  if ([spec.content, configMapKeyRef, secretKeyRef].filter((one) => one !== undefined).length !== 1) {
    throw invalid(
      '`spec` must have exactly one of `content`, `contentFrom.configMapKeyRef` and `contentFrom.secretKeyRef`',
    );
  }
  if (configMapKeyRef) return { kind: 'configMap', name: configMapKeyRef.name, key: configMapKeyRef.key };
  if (secretKeyRef) {
    const { name, key, encoding } = secretKeyRef;
    return { kind: 'secret', name, key, encoding: encoding ?? 'Text' };
  }
  return { kind: 'inline', content: spec.content ?? '' };
}

/** The consent is asked for here again: whatever an API server without CEL let through is not published. */
function checkSecretExport({ spec }: NacosConfig, mirror: MirrorTarget | undefined): void {
  if (!spec.allowSecretExport) {
    throw invalid('`spec.allowSecretExport` must be true to publish the content of a Secret');
  }
  if (spec.driftPolicy === 'Adopt') {
    throw invalid("`spec.driftPolicy` must not be 'Adopt' when the content comes from a Secret");
  }
  if (mirror?.kind === 'ConfigMap') {
    throw invalid('`spec.mirror` must be a Secret when the content comes from one');
  }
}

function rulesOf({ spec }: NacosConfig): ContentRules {
  const { syntax, maxBytes, jsonSchema } = spec.validation ?? {};
  return { syntax: syntax ?? true, maxBytes, jsonSchema };
}

function declaredMetadata({ spec }: NacosConfig): DeclaredMetadata {
  const { tags, description, appName } = spec;
  return { declaresFormat: spec.format !== undefined, tags, description, appName };
}

function rolloutOf({ rollout, mirror }: NacosConfig['spec']): RolloutIntent | undefined {
  if (rollout === undefined) return undefined;
  const { workloads, debounceSeconds } = rollout;
  if (workloads === undefined && mirror?.immutable) {
    const why = 'what names such an object is replaced when the name changes';
    throw invalid(`\`spec.rollout.auto\` must not be true when \`spec.mirror.immutable\` is: ${why}`);
  }
  return { workloads: workloads ?? 'auto', debounceSeconds: debounceSeconds ?? 5 };
}

function keysOf(namespace: string | undefined, names: readonly (string | undefined)[]): string[] {
  return names.filter((name) => name !== undefined).map((name) => `${namespace}/${name}`);
}

function invalid(message: string): BridgeError {
  return new BridgeError('INVALID_SPEC', message);
}
