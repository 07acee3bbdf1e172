/**
 * A kind of object that the embedded API server serves, built in or by a CRD, and the registry of them.
 */
import type { KubeObject } from './object.ts';
import type { Schema } from '../../operator/admission/schema.ts';

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

export interface ResourceType {
  /** '' is the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly Verb[];
  /** Whether /status exists; then the main resource ignores `status`, and /status everything else. */
  readonly hasStatus: boolean;
  /** Where /scale reads and writes, as paths without the leading dot, such as `spec.replicas`. */
  readonly scale: ScalePaths | undefined;
  /** Of the whole object; the schema of `metadata` is complete. */
  readonly schema: Schema;
  /** False for types whose `metadata.generation` stays as it is, such as ConfigMaps. */
  readonly hasGeneration: boolean;
  /** True for Deployments: a change of annotations counts as well, but for one through /status. */
  readonly countsAnnotations?: boolean;
  /** True for CRDs: no strategic merge patch there. */
  readonly isCustom: boolean;
  readonly columns: readonly Column[];
  /** The definition in `/openapi`, such as `io.k8s.api.core.v1.Pod`. */
  readonly definition?: string;
  /** Given where objects are kept as those of another type, such as Events: this type is a view of them. */
  readonly storedAs?: StoredAs;

  /**
   * Prunes unknown fields, fills in defaults and validates: schema, CEL rules with the transition rules against
   * `previous`, and the rules of the type itself. Returns the object to be stored.
   *
   * @throws ApiFailure `Invalid` with one cause for each defect, `BadRequest` for unknown or duplicate fields when
   *   `fieldValidation` is Strict
   */
  admit(object: KubeObject, previous: KubeObject | undefined, options: AdmitOptions): Admitted;
  /**
   * What the API server itself gives to an admitted object, such as the addresses of a Service. Nobody owns it, so it comes
   * when the owners of the other fields are known.
   */
  allot?(object: KubeObject, previous: KubeObject | undefined): KubeObject;
  /** The cells of a row, in the order of `columns`. */
  cells(object: KubeObject, nowMs: number): readonly unknown[];
}

export interface ScalePaths {
  readonly specReplicas: string;
  readonly statusReplicas: string;
  readonly labelSelector: string | undefined;
}

export interface StoredAs {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  /** Of an admitted object of this type. */
  toStored(object: KubeObject): KubeObject;
  fromStored(object: KubeObject): KubeObject;
}

/** A column of the Table that `kubectl get` asks for. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format: string;
  readonly description: string;
  /** 0 is always shown; 1 by `-o wide`. */
  readonly priority: number;
}

export interface AdmitOptions {
  readonly fieldValidation: 'Ignore' | 'Warn' | 'Strict';
  readonly subresource: 'status' | undefined;
  /** Paths of fields that the text of the request held twice, for `fieldValidation`. */
  readonly duplicateFields?: readonly string[];
}

export interface Admitted {
  readonly object: KubeObject;
  /** For `Warning` headers. */
  readonly warnings: readonly string[];
}

export interface ResourceTypes {
  /** By group, version and plural, as in a path. */
  find(group: string, version: string, plural: string): ResourceType | undefined;
  /** By apiVersion and kind, as in an object. */
  findKind(apiVersion: string, kind: string): ResourceType | undefined;
  list(): readonly ResourceType[];
}

export function apiVersionOf({ group, version }: Pick<ResourceType, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}
