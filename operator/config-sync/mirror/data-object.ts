/**
 * ConfigMaps and Secrets as one thing: named texts in an object. The API holds the texts of a Secret in base64; which of
 * the two an object is matters here and nowhere behind this file.
 */
import { SECRET } from '../../connections/secret-watches.ts';
import type { KubeObject, ResourceRef } from '../../kube/resource.ts';
import type { MirrorKind } from './mirror-target.ts';

/** As the API serves it; `data` of a Secret is base64. */
export interface DataObject extends KubeObject {
  data?: Record<string, string>;
  /** Of a ConfigMap only: base64, with keys of their own. */
  binaryData?: Record<string, string>;
  immutable?: boolean;
  /** Of a Secret; it never changes. */
  type?: string;
}

export type ConfigMap = DataObject;
export type Secret = DataObject;

export const CONFIG_MAP: ResourceRef = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};

export const dataObjectRefs: Readonly<Record<MirrorKind, ResourceRef>> = { ConfigMap: CONFIG_MAP, Secret: SECRET };

/** `data` as the API wants it for an object of this kind. */
export function encodeData(kind: MirrorKind, texts: Readonly<Record<string, string>>): Record<string, string> {
  if (kind === 'ConfigMap') return { ...texts };
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]));
}

/** The bytes of `base64` as text, a byte order mark included; undefined when they are not UTF-8. */
export function utf8Of(base64: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(base64, 'base64'));
  } catch {
    return undefined;
  }
}

/** The other way round. */
export function decodeData(kind: MirrorKind, data: Readonly<Record<string, string>>): Record<string, string> {
  if (kind === 'ConfigMap') return { ...data };
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
}

/** How many bytes the API server counts for each key: the values, in their own form. */
export function bytesByKey(kind: MirrorKind, { data = {}, binaryData = {} }: DataObject): Map<string, number> {
  const sizes = (values: Record<string, string>, encoding: BufferEncoding) =>
    Object.entries(values).map(([key, value]) => [key, Buffer.byteLength(value, encoding)] as const);
  return new Map([...sizes(data, kind === 'Secret' ? 'base64' : 'utf8'), ...sizes(binaryData, 'base64')]);
}
