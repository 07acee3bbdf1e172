/**
 * The embedded cluster: what the API server does with an object between the request and the storage.
 *
 * A write goes one way: the fields of the server, admission by the type (defaults, pruning, validation), ownership of
 * fields, generation, comparison with what is there, storage. What differs between create, update, patch and apply is only
 * how the wanted object comes about.
 *
 * Guarantees: everything is synchronous, so requests never see half a write; a write that changes nothing makes no
 * revision; listeners are told in the order of the revisions.
 */
import type { Clock } from '../../operator/clock.ts';
import { ApiFailure } from './api-failure.ts';
import type {
  Change,
  Cluster,
  DeleteOptions,
  PatchOptions,
  PatchType,
  UpdateOptions,
  WriteOptions,
} from './cluster.ts';
import { afterDeletion, isReleased } from './deletion.ts';
import {
  keepNamespaceFields,
  labelledNamespace,
  newNamespace,
  requireDeletableNamespace,
  requireNamespace,
  requireOpenNamespace,
} from './namespace-rules.ts';
import type { KubeObject } from './object.ts';
import { patched } from './patch/patches.ts';
import { serverSideApply } from './patch/server-side-apply.ts';
import { trackUpdate } from './patch/tracked-update.ts';
import { alreadyExists, conflict, invalid, notFound } from './refusals.ts';
import { apiVersionOf, type ResourceType, type ResourceTypes } from './resource-type.ts';
import {
  generatedName,
  isSameState,
  keepServerFields,
  newObject,
  nextGeneration,
  requireNoNewFinalizers,
  timeText,
  withoutEmptyFields,
} from './server-fields.ts';
import { Storage } from './storage.ts';
import { StoredForms } from './stored-form.ts';

export interface EmbeddedClusterOptions {
  readonly types: ResourceTypes;
  readonly clock: Clock;
  /** How many changes of a type watches may lag behind. @default 10000 */
  readonly historyLength?: number;
}

type Subresource = UpdateOptions['subresource'];

export class EmbeddedCluster implements Cluster {
  readonly types: ResourceTypes;
  readonly storage: Storage;
  readonly forms: StoredForms;
  readonly #clock: Clock;
  readonly #listeners = new Set<(change: Change) => void>();

  constructor({ types, clock, historyLength }: EmbeddedClusterOptions) {
    this.types = types;
    this.storage = new Storage(historyLength);
    this.forms = new StoredForms(types);
    this.#clock = clock;
  }

  get(type: ResourceType, namespace: string, name: string): KubeObject | undefined {
    const form = this.forms.of(type);
    const object = this.storage.of(form.type).get(namespace, name);
    return object && form.toServed(object);
  }

  list(type: ResourceType, namespace?: string): readonly KubeObject[] {
    const form = this.forms.of(type);
    const objects = this.storage.of(form.type).list(namespace);
    const apiVersion = apiVersionOf(type);
    return objects.every((object) => object.apiVersion === apiVersion) ? objects : objects.map(form.toServed);
  }

  /**
   * As `list`, of an older state.
   *
   * @throws ApiFailure `Expired` when the history does not reach back to it
   */
  listAt(type: ResourceType, revision: number, namespace?: string): readonly KubeObject[] {
    const form = this.forms.of(type);
    return this.storage.of(form.type).listAt(revision, namespace).map(form.toServed);
  }

  /** The revision before the last write of this type. */
  previousRevision(type: ResourceType): number {
    return this.storage.of(this.forms.of(type).type).previousRevision;
  }

  create(type: ResourceType, object: KubeObject, options: WriteOptions): KubeObject {
    const wanted = labelledNamespace(this.#named(type, object));
    if (type.namespaced) requireOpenNamespace(this.storage, type, wanted.metadata);
    if (wanted.metadata.resourceVersion !== undefined) {
      throw new ApiFailure('BadRequest', 'resourceVersion should not be set on objects to be created');
    }
    const admitted = this.#admit(type, newObject(wanted, type, this.#clock.now()), undefined, undefined, options);
    const owned = trackUpdate({ ...this.#ownership(type, options, undefined), previous: undefined, next: admitted });
    return this.#store(type, undefined, newNamespace(allotted(type, owned, undefined)), options);
  }

  update(type: ResourceType, object: KubeObject, options: UpdateOptions): KubeObject {
    const { namespace = '', name } = object.metadata;
    const previous = this.#existing(type, namespace, name);
    requirePreconditions(type, previous, object.metadata);
    return this.#replace(type, previous, object, options.subresource, options);
  }

  patch(
    type: ResourceType,
    namespace: string,
    name: string,
    patchType: PatchType,
    patch: unknown,
    options: PatchOptions,
  ): KubeObject {
    if (patchType === 'apply') return this.#apply(type, namespace, name, patch as KubeObject, options);
    const previous = this.#existing(type, namespace, name);
    const wanted = patched(patchType, previous, patch, type.schema);
    for (const field of ['name', 'namespace', 'uid'] as const) {
      if ((wanted.metadata?.[field] ?? '') === (previous.metadata[field] ?? '')) continue;
      const message = 'Invalid value: a patch cannot change it';
      throw invalid(type, name, { reason: 'FieldValueInvalid', message, field: `metadata.${field}` });
    }
    requirePreconditions(type, previous, wanted.metadata);
    return this.#replace(type, previous, wanted, options.subresource, options);
  }

  delete(type: ResourceType, namespace: string, name: string, options: DeleteOptions = {}): KubeObject | undefined {
    const form = this.forms.of(type);
    const previous = this.storage.of(form.type).get(namespace, name);
    if (previous === undefined) throw notFound(type, name);
    requirePreconditions(type, previous, options.preconditions);
    requireDeletableNamespace(previous);
    const next = withoutEmptyFields(afterDeletion(previous, options, this.#clock.now()));
    if (isReleased(next)) {
      if (!options.dryRun) this.#write(form.type, previous, previous, 'DELETED');
      return undefined;
    }
    if (isSameState(next, previous)) return form.toServed(previous);
    if (options.dryRun) return form.toServed(next);
    return form.toServed(this.#write(form.type, previous, next, 'MODIFIED'));
  }

  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #apply(type: ResourceType, namespace: string, name: string, applied: KubeObject, options: PatchOptions): KubeObject {
    const live = this.get(type, namespace, name);
    if (live === undefined && options.subresource !== undefined) throw notFound(type, name);
    const { uid } = applied.metadata;
    if (live !== undefined) requirePreconditions(type, live, applied.metadata);
    else if (uid) throw conflict(type, name, `the object with the uid ${uid} is gone`);
    const merged = serverSideApply({
      ...this.#ownership(type, options, options.subresource),
      live,
      applied,
      force: options.force ?? false,
    });
    if (live !== undefined) return this.#replace(type, live, merged, options.subresource, options, true);
    if (type.namespaced) requireOpenNamespace(this.storage, type, { namespace, name });
    const fresh = newObject(labelledNamespace(merged), type, this.#clock.now());
    const admitted = this.#admit(type, fresh, undefined, undefined, options);
    return this.#store(type, undefined, newNamespace(allotted(type, admitted, undefined)), options);
  }

  /** `isOwned` says that the managed fields are those of this write already. */
  #replace(
    type: ResourceType,
    previous: KubeObject,
    wanted: KubeObject,
    subresource: Subresource,
    options: WriteOptions,
    isOwned = false,
  ): KubeObject {
    const scoped = keepNamespaceFields(limitTo(subresource, type, wanted, previous), previous, subresource);
    const kept = keepServerFields(labelledNamespace(scoped), previous, type);
    requireNoNewFinalizers(kept, previous, type);
    const admitted = this.#admit(type, kept, previous, subresource === 'status' ? 'status' : undefined, options);
    const countsAnnotations = type.countsAnnotations === true && subresource !== 'status';
    const generation = nextGeneration(admitted, previous, countsAnnotations);
    // An empty list asks for a reset, so it has to get as far as this.
    const { managedFields } = kept.metadata;
    const next = { ...admitted, metadata: { ...admitted.metadata, generation, managedFields } };
    const ownership = this.#ownership(type, options, subresource);
    // The namespace controller owns nothing of what it takes away.
    const isTracked = isOwned || subresource === 'finalize';
    const owned = isTracked ? next : trackUpdate({ ...ownership, previous, next });
    return this.#store(type, previous, allotted(type, owned, previous), options);
  }

  #store(type: ResourceType, previous: KubeObject | undefined, next: KubeObject, options: WriteOptions): KubeObject {
    const form = this.forms.of(type);
    const { namespace = '', name } = next.metadata;
    const whole = withoutEmptyFields(next);
    if (previous === undefined) {
      if (this.get(type, namespace, name) !== undefined) throw alreadyExists(type, name);
      if (options.dryRun) return whole;
      return form.toServed(this.#write(form.type, undefined, form.toStored(whole), 'ADDED'));
    }
    if (isSameState(whole, previous)) return previous;
    if (options.dryRun) return whole;
    const stored = form.toStored(whole);
    const storedPrevious = this.storage.of(form.type).get(namespace, name);
    if (!isReleased(whole)) return form.toServed(this.#write(form.type, storedPrevious, stored, 'MODIFIED'));
    this.#write(form.type, storedPrevious, stored, 'DELETED');
    return whole;
  }

  #write(
    type: ResourceType,
    previous: KubeObject | undefined,
    object: KubeObject,
    changeType: Change['type'],
  ): KubeObject {
    const change = this.storage.write(type, previous, object, changeType);
    for (const listener of this.#listeners) listener(change);
    return change.object;
  }

  #admit(
    type: ResourceType,
    object: KubeObject,
    previous: KubeObject | undefined,
    subresource: 'status' | undefined,
    { fieldValidation = 'Ignore', duplicateFields, warn }: WriteOptions,
  ): KubeObject {
    const { object: admitted, warnings } = type.admit(withoutEmptyFields(object), previous, {
      fieldValidation,
      subresource,
      duplicateFields,
    });
    for (const warning of warnings) warn?.(warning);
    return admitted;
  }

  #ownership(type: ResourceType, { manager }: WriteOptions, subresource: Subresource) {
    const time = timeText(this.#clock.now());
    return {
      schema: type.schema,
      manager,
      apiVersion: apiVersionOf(type),
      time,
      subresource,
      hasStatus: type.hasStatus,
      isCustom: type.isCustom,
    };
  }

  #existing(type: ResourceType, namespace: string, name: string): KubeObject {
    if (type.namespaced) requireNamespace(this.storage, namespace);
    const object = this.get(type, namespace, name);
    if (object === undefined) throw notFound(type, name);
    return object;
  }

  #named(type: ResourceType, object: KubeObject): KubeObject {
    const { name, generateName, namespace = '' } = object.metadata;
    if (name || !generateName) return object;
    let generated = generatedName(generateName);
    while (this.get(type, namespace, generated) !== undefined) generated = generatedName(generateName);
    return { ...object, metadata: { ...object.metadata, name: generated } };
  }
}

/** What a subresource may write; the main resource of a type with a status may not write that. */
function limitTo(subresource: Subresource, type: ResourceType, wanted: KubeObject, previous: KubeObject): KubeObject {
  if (subresource === 'status') {
    const { managedFields } = wanted.metadata;
    return { ...previous, metadata: { ...previous.metadata, managedFields }, status: wanted.status };
  }
  if (subresource === 'finalize') {
    const { managedFields } = previous.metadata;
    return { ...previous, metadata: { ...wanted.metadata, managedFields }, spec: wanted.spec };
  }
  return type.hasStatus ? { ...wanted, status: previous.status } : wanted;
}

function allotted(type: ResourceType, object: KubeObject, previous: KubeObject | undefined): KubeObject {
  return type.allot?.(object, previous) ?? object;
}

/** Of what a request names, uid and resourceVersion must be those of the object. @throws ApiFailure `Conflict` */
function requirePreconditions(
  type: ResourceType,
  { metadata: { name, ...has } }: KubeObject,
  { uid, resourceVersion }: { readonly uid?: string; readonly resourceVersion?: string } = {},
): void {
  if (uid && uid !== has.uid) throw conflict(type, name, `its uid is ${has.uid}, not ${uid}`);
  if (!resourceVersion || resourceVersion === has.resourceVersion) return;
  const why = 'the object has been modified; please apply your changes to the latest version and try again';
  throw conflict(type, name, why);
}
