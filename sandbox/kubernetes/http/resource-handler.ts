/**
 * Requests for resources: from method and path to a call of the cluster, and from its result to an answer.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { Clock } from '../../../operator/clock.ts';
import { ApiFailure } from '../api-failure.ts';
import type { DeleteOptions, PatchOptions, UpdateOptions, WriteOptions } from '../cluster.ts';
import type { EmbeddedCluster } from '../embedded-cluster.ts';
import type { KubeObject } from '../object.ts';
import { patched } from '../patch/patches.ts';
import { invalid, notFound } from '../refusals.ts';
import type { ResourceType, Verb } from '../resource-type.ts';
import { scaleOf, withScale } from '../scale.ts';
import { type AcceptedForm, acceptedForm } from './accept.ts';
import { type Answer, jsonAnswer } from './answer.ts';
import { listPage, listText } from './list.ts';
import { requireObject, requireSameName } from './object-checks.ts';
import { deleteOptions, isTrue, refuse, writeOptions } from './query.ts';
import { type IncludeObject, type Representation, representationOf } from './representation.ts';
import { duplicatesIn, parseObject, parsePatch, patchTypeOf } from './request-body.ts';
import type { ResourceTarget } from './request-target.ts';
import { selectionOf } from './selection.ts';
import { requireReachable, watchLines, watchOptions, type WatchSurroundings } from './watch.ts';

/** A request for a resource that exists. */
export interface ResourceRequest {
  readonly verb: Verb;
  readonly type: ResourceType;
  readonly target: ResourceTarget;
  readonly query: URLSearchParams;
  readonly headers: {
    readonly accept?: string | undefined;
    readonly 'content-type'?: string | undefined;
    readonly 'user-agent'?: string | undefined;
  };
  readonly body: Buffer;
  /** A fault: a read answers what was there before the last write of the type. */
  readonly isStale: boolean;
}

type Subresource = 'status' | 'scale' | 'finalize' | undefined;

/** Kinds whose deletion is answered by the object. */
const answeredWhenDeleted: ReadonlySet<string> = new Set([
  'PersistentVolume',
  'PersistentVolumeClaim',
  'Pod',
  'PodTemplate',
  'ResourceQuota',
  'Service',
  'ServiceAccount',
]);

/** Of pods; nothing runs in those of the embedded cluster. */
const subresourcesOfContainers: ReadonlySet<string> = new Set(['attach', 'exec', 'log', 'portforward', 'proxy']);

const deletionSlice = 50;

export class ResourceHandler {
  readonly #cluster: EmbeddedCluster;
  readonly #clock: Clock;

  constructor(cluster: EmbeddedCluster, clock: Clock) {
    this.#cluster = cluster;
    this.#clock = clock;
  }

  /** @throws ApiFailure */
  async handle(request: ResourceRequest, surroundings: WatchSurroundings): Promise<Answer> {
    const subresource = this.#subresource(request);
    switch (request.verb) {
      case 'list':
        return this.#list(request);
      case 'watch':
        return this.#watch(request, surroundings);
      case 'get':
        return this.#get(request, subresource);
      case 'create':
        return this.#create(request);
      case 'update':
        return this.#update(request, subresource);
      case 'patch':
        return this.#patch(request, subresource);
      case 'delete':
        return this.#delete(request);
      case 'deletecollection':
        return this.#deleteCollection(request);
    }
  }

  #get(request: ResourceRequest, subresource: Subresource): Answer {
    const { type, target, isStale } = request;
    const { namespace = '', name = '' } = target;
    const object = isStale
      ? this.#cluster.getAt(type, this.#cluster.previousRevision(type), namespace, name)
      : this.#cluster.get(type, namespace, name);
    if (object === undefined) throw notFound(type, name);
    if (subresource === 'scale') return jsonAnswer(scaleOf(object, type.scale!));
    return this.#answer(request, object);
  }

  async #list(request: ResourceRequest): Promise<Answer> {
    const { type, target, query, isStale } = request;
    const { namespace, name } = target;
    const form = acceptedForm(request.headers.accept, 'list');
    const selection = selectionOf(query, type, name);
    const page = listPage(this.#cluster, { type, namespace, query, selection, isStale });
    const text = listText(page, this.#representation(request, form));
    if (form.encoding === 'json') return { status: 200, body: text };
    const pieces: string[] = [];
    for await (const piece of text) pieces.push(piece);
    return { status: 200, contentType: 'application/yaml', body: yamlText(pieces.join('')) };
  }

  #watch(request: ResourceRequest, surroundings: WatchSurroundings): Answer {
    const { type, target, query, headers } = request;
    const { namespace, name } = target;
    const options = watchOptions(query);
    requireReachable(options, this.#cluster.storage.revision);
    const form = this.#representation(request, acceptedForm(headers.accept, 'object'));
    const watch = { ...options, type, namespace, selection: selectionOf(query, type, name), form };
    return { status: 200, body: watchLines(this.#cluster, watch, surroundings), isWatch: true };
  }

  #create(request: ResourceRequest): Answer {
    const { type, target } = request;
    const warnings: string[] = [];
    const options = this.#writeOptions(request, 'CreateOptions', warnings);
    const object = requireObject(this.#parsed(request), type, target.namespace);
    return this.#answer(request, this.#cluster.create(type, object, options), 201, warnings);
  }

  #update(request: ResourceRequest, subresource: Subresource): Answer {
    const { type, target } = request;
    const { namespace = '', name = '' } = target;
    const warnings: string[] = [];
    const options: UpdateOptions = { ...this.#writeOptions(request, 'UpdateOptions', warnings), subresource };
    if (subresource === 'scale') {
      const scale = this.#parsed(request) as unknown as KubeObject;
      return jsonAnswer(this.#scale(type, namespace, name, () => scale, options));
    }
    const object = requireObject(this.#parsed(request), type, target.namespace);
    requireSameName(object, name);
    const isThere = this.#cluster.get(type, namespace, name) !== undefined;
    if (type.isCustom && isThere && !object.metadata.resourceVersion) {
      const cause = {
        reason: 'FieldValueInvalid',
        message: 'Invalid value: 0: must be specified for an update',
        field: 'metadata.resourceVersion',
      };
      throw invalid({ group: type.group, kind: type.plural }, name, cause);
    }
    return this.#answer(request, this.#cluster.update(type, object, options), 200, warnings);
  }

  #patch(request: ResourceRequest, subresource: Subresource): Answer {
    const { type, target, query, headers, body } = request;
    const { namespace = '', name = '' } = target;
    const patchType = patchTypeOf(headers['content-type'], type.isCustom);
    const warnings: string[] = [];
    const options = this.#patchOptions(request, patchType === 'apply', warnings);
    const patch = parsePatch(body, patchType);
    if (subresource === 'scale') {
      if (patchType === 'apply') throw new ApiFailure('UnsupportedMediaType', '415: Unsupported Media Type');
      const change = (scale: KubeObject) => patched(patchType, scale, patch, {});
      return jsonAnswer(this.#scale(type, namespace, name, change, { ...options, subresource }));
    }
    if (patchType === 'apply') {
      const applied = requireObject(patch as Record<string, unknown>, type, target.namespace, name);
      requireSameName(applied, name);
      const isNew = this.#cluster.get(type, namespace, name) === undefined;
      const limited: PatchOptions = {
        ...options,
        force: isTrue(query.get('force')),
        subresource: statusOnly(subresource),
      };
      const object = this.#cluster.patch(type, namespace, name, 'apply', applied, limited);
      return this.#answer(request, object, isNew ? 201 : 200, warnings);
    }
    const limited: PatchOptions = { ...options, subresource: statusOnly(subresource) };
    return this.#answer(request, this.#cluster.patch(type, namespace, name, patchType, patch, limited), 200, warnings);
  }

  #delete(request: ResourceRequest): Answer {
    const { type, target } = request;
    const { namespace = '', name = '' } = target;
    const options = this.#deleteOptions(request);
    const before = this.#cluster.get(type, namespace, name);
    const kept = this.#cluster.delete(type, namespace, name, options);
    if (kept !== undefined) return this.#answer(request, kept);
    if (type.group === '' && answeredWhenDeleted.has(type.kind)) return this.#answer(request, before!);
    return jsonAnswer({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name, group: type.group || undefined, kind: type.plural, uid: before?.metadata.uid },
    });
  }

  async #deleteCollection(request: ResourceRequest): Promise<Answer> {
    const { type, target, query } = request;
    const options = this.#deleteOptions(request);
    const form = acceptedForm(request.headers.accept, 'list');
    const selection = selectionOf(query, type, undefined);
    const limited = new URLSearchParams({ limit: query.get('limit') ?? '0', continue: query.get('continue') ?? '' });
    const page = listPage(this.#cluster, {
      type,
      namespace: target.namespace,
      query: limited,
      selection,
      isStale: false,
    });
    for (const [index, { metadata }] of page.objects.entries()) {
      if (index % deletionSlice === deletionSlice - 1) await turn();
      this.#deleteIfThere(type, metadata.namespace ?? '', metadata.name, options);
    }
    return { status: 200, body: listText(page, this.#representation(request, form)) };
  }

  #deleteIfThere(type: ResourceType, namespace: string, name: string, options: DeleteOptions): void {
    try {
      this.#cluster.delete(type, namespace, name, options);
    } catch (error) {
      if (!(error instanceof ApiFailure) || error.reason !== 'NotFound') throw error;
    }
  }

  #scale(
    type: ResourceType,
    namespace: string,
    name: string,
    change: (scale: KubeObject) => KubeObject,
    options: UpdateOptions,
  ): KubeObject {
    const object = this.#cluster.get(type, namespace, name);
    if (object === undefined) throw notFound(type, name);
    const paths = type.scale!;
    const wanted = withScale(object, change(scaleOf(object, paths)), paths);
    return scaleOf(this.#cluster.update(type, wanted, options), paths);
  }

  /** @throws ApiFailure `NotFound` when the type has no such subresource */
  #subresource({ type, target }: ResourceRequest): Subresource {
    const { subresource } = target;
    if (subresource === undefined) return undefined;
    if (subresource === 'status' && type.hasStatus) return 'status';
    if (subresource === 'scale' && type.scale !== undefined) return 'scale';
    if (type.group === '' && type.kind === 'Pod' && subresourcesOfContainers.has(subresource)) {
      const { namespace = '', name = '' } = target;
      if (this.#cluster.get(type, namespace, name) === undefined) throw notFound(type, name);
      throw new ApiFailure('BadRequest', `pod "${name}" is simulated: it has no containers for ${subresource}`);
    }
    if (subresource === 'finalize' && type.group === '' && type.kind === 'Namespace') return 'finalize';
    throw new ApiFailure('NotFound', 'the server could not find the requested resource', {});
  }

  #parsed({ body, headers, type }: ResourceRequest): Record<string, unknown> {
    return parseObject(body, headers['content-type'], type.kind);
  }

  #writeOptions(
    { query, headers, body }: ResourceRequest,
    kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
    warnings: string[],
  ): WriteOptions {
    const options = writeOptions(query, kind, headers['user-agent'] ?? '');
    const isAsked = options.fieldValidation !== 'Ignore';
    const duplicateFields = isAsked ? duplicatesIn(body, headers['content-type']) : [];
    return { ...options, duplicateFields, warn: (text) => warnings.push(text) };
  }

  #patchOptions(request: ResourceRequest, isApply: boolean, warnings: string[]): WriteOptions {
    const { query } = request;
    if (isApply && !query.get('fieldManager')) {
      refuse('PatchOptions', 'FieldValueRequired', 'fieldManager', 'Required value: is required for apply patch');
    }
    if (!isApply && query.get('force') !== null) {
      refuse('PatchOptions', 'FieldValueForbidden', 'force', 'Forbidden: may not be specified for non-apply patch');
    }
    return this.#writeOptions(request, 'PatchOptions', warnings);
  }

  #deleteOptions({ query, headers, body }: ResourceRequest): DeleteOptions {
    return deleteOptions(query, body.length === 0 ? {} : parseObject(body, headers['content-type'], 'DeleteOptions'));
  }

  #answer(request: ResourceRequest, object: KubeObject, status = 200, warnings: readonly string[] = []): Answer {
    const form = acceptedForm(request.headers.accept, 'object');
    const text = this.#representation(request, form).one(object);
    const headers: Record<string, string> =
      warnings.length === 0 ? {} : { warning: warnings.map(warningHeader).join(', ') };
    if (form.encoding === 'json') return { status, headers, body: text };
    return { status, headers, contentType: 'application/yaml', body: yamlText(text) };
  }

  #representation({ type, query }: ResourceRequest, form: AcceptedForm): Representation {
    const includeObject = query.get('includeObject') || 'Metadata';
    if (form.as === 'table' && !isIncludeObject(includeObject)) {
      const why = `includeObject: Invalid value: "${includeObject}": must be 'Metadata', 'Object', 'None', or empty`;
      throw new ApiFailure('BadRequest', `Unable to convert to Table as requested: ${why}`);
    }
    const included = isIncludeObject(includeObject) ? includeObject : 'Metadata';
    return representationOf(type, form, included, () => this.#clock.now());
  }
}

function yamlText(json: string): string {
  return stringify(JSON.parse(json), { lineWidth: 0, sortMapEntries: true });
}

function isIncludeObject(value: string): value is IncludeObject {
  return value === 'Metadata' || value === 'Object' || value === 'None';
}

function statusOnly(subresource: Subresource): 'status' | undefined {
  return subresource === 'status' ? 'status' : undefined;
}

/** RFC 7234: code 299, no agent, a quoted text in one line. */
function warningHeader(text: string): string {
  const quoted = text.replaceAll(/[\r\n]+/g, ' ').replaceAll(/["\\]/g, String.raw`\$&`);
  return `299 - "${quoted}"`;
}
