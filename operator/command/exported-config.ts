/**
 * A config of Nacos as manifests, which change nothing in Nacos when they are applied: what they declare is what it has.
 * What is left undeclared there is left as it is.
 *
 * A dataId outlives its exported NacosConfig (`deletionPolicy: Retain`): it was there before.
 */
import { API_GROUP, API_VERSION } from '../api/names.ts';
import { checkSyntax } from '../config-sync/formats/check-syntax.ts';
import { isEncrypted } from '../config-sync/use.ts';
import { configFormats, formatOf, type ConfigFormat } from '../config-sync/formats/format.ts';
import { isMark } from '../config-sync/remote.ts';
import { isDataKey, MAX_DATA_BYTES } from '../kube/limits.ts';
import type { ConfigDetail, ConfigName } from '../nacos/index.ts';
import type { ExportOptions } from '../options/manifest-options.ts';
import type { ManifestObject } from './manifest.ts';

export interface ExportTarget {
  readonly source: ExportOptions['source'];
  /** Of the objects; undefined to leave it out. */
  readonly namespace: string | undefined;
  /** Of Nacos; '' is the public one. */
  readonly namespaceId: string;
}

export interface ExportedConfig {
  /** Empty when it cannot be declared. */
  readonly manifests: readonly ManifestObject[];
  /** What people should know of it, in words that follow its name. */
  readonly remarks: readonly string[];
}

const NAME = /^[A-Za-z0-9._:-]+$/;
const TAG = /^(?!nacos-bridge-)[^,\s]([^,]*[^,\s])?$/;
const MAX_TAGS = 5;
const MAX_TEXT = 128;

export function exportConfig(
  name: string,
  { dataId, group }: ConfigName,
  detail: ConfigDetail,
  target: ExportTarget,
): ExportedConfig {
  const refusal = refusalOf({ dataId, group }, detail, target);
  if (refusal !== undefined) return { manifests: [], remarks: [refusal] };
  const metadata = { name, ...(target.namespace === undefined ? {} : { namespace: target.namespace }) };
  const key = isDataKey(dataId) ? dataId : name;
  const common = {
    ...(target.namespaceId === '' ? {} : { namespaceId: target.namespaceId }),
    group,
    ...(dataId === name ? {} : { dataId }),
    source: target.source,
  };
  const config = (spec: object): ManifestObject => ({
    apiVersion: `${API_GROUP}/${API_VERSION}`,
    kind: 'NacosConfig',
    metadata,
    spec,
  });
  if (target.source === 'Nacos') {
    const mirror = { configMap: { name, ...(key === dataId ? {} : { key }) } };
    const { spec, remarks } = checked(detail.content, formatOf(undefined, dataId));
    return { manifests: [config({ ...common, ...spec, mirror })], remarks };
  }
  const { spec, remarks } = declared(dataId, detail);
  const { content } = detail;
  if (target.source === 'Kubernetes') {
    return { manifests: [config({ ...common, ...spec, deletionPolicy: 'Retain', content })], remarks };
  }
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { [key]: content } };
  const contentFrom = { configMapKeyRef: { name, key } };
  return { manifests: [config({ ...common, ...spec, contentFrom }), configMap], remarks };
}

/** Why it cannot be declared at all. */
function refusalOf({ dataId, group }: ConfigName, { content }: ConfigDetail, target: ExportTarget): string | undefined {
  if (!NAME.test(dataId) || !NAME.test(group)) return 'is left out: its name holds characters that no NacosConfig has';
  if (isEncrypted(dataId)) return 'is left out: its content is encrypted, which is not supported yet';
  if (target.source === 'Nacos') return undefined;
  const bytes = Buffer.byteLength(content);
  const holder = target.source === 'Both' ? 'ConfigMap' : 'NacosConfig';
  // The limit of the inline content is of characters, and so the same at least.
  if (bytes > MAX_DATA_BYTES)
    return `is left out: it has ${bytes} bytes, and a ${holder} holds at most ${MAX_DATA_BYTES}`;
  return content.trim() === '' ? 'is left out: it is blank' : undefined;
}

/** What is declared beside the content, each only where it can be declared exactly. */
function declared(dataId: string, detail: ConfigDetail): { spec: object; remarks: string[] } {
  const { appName, content, description, srcUser, tags, type } = detail;
  const known = configFormats.find((format) => format === type);
  const format: ConfigFormat = known ?? formatOf(undefined, dataId);
  const { spec, remarks } = checked(content, format);
  if (isMark(srcUser)) remarks.push('is published by a bridge already, which keeps it');
  const areTagsLegal = tags.length > 0 && tags.length <= MAX_TAGS && tags.every((tag) => TAG.test(tag));
  return {
    spec: {
      ...(known !== undefined && formatOf(undefined, dataId) !== known ? { format: known } : {}),
      ...spec,
      ...(areTagsLegal ? { tags } : {}),
      ...(isShort(description) ? { description } : {}),
      ...(isShort(appName) ? { appName } : {}),
    },
    remarks,
  };
}

/** What is not valid is taken as it is. */
function checked(content: string, format: ConfigFormat): { spec: object; remarks: string[] } {
  if (checkSyntax(content, format) === undefined) return { spec: {}, remarks: [] };
  const remark = `is not valid ${format}; its syntax is not checked (\`validation.syntax: false\`)`;
  return { spec: { validation: { syntax: false } }, remarks: [remark] };
}

function isShort(text: string): boolean {
  return text !== '' && text.length <= MAX_TEXT;
}
