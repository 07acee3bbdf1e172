/**
 * Requests for resources: from verb and path to a call of the cluster, and from its result to an answer.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../../operator/clock.ts';
import { ApiFailure } from '../api-failure.ts';
import type { DeleteOptions, UpdateOptions, WriteOptions } from '../cluster.ts';
import type { EmbeddedCluster } from '../embedded-cluster.ts';
import type { KubeObject } from '../object.ts';
import { patched } from '../patch/patches.ts';
import { invalid, notFound } from '../refusals.ts';
import type { ResourceType, Verb } from '../resource-type.ts';
import { scaleOf, withScale } from '../scale.ts';
import { type Answer, jsonAnswer } from './answer.ts';
import { listPage, listText } from './list.ts';
import { deleteOptions, isTrue, refuse, selectionOf, writeOptions } from './query.ts';
import { type Representation, representationOf } from './representation.ts';
import { duplicatesIn, parseObject, parsePatch, patchTypeOf, requireObject } from './request-object.ts';
import type { ResourceTarget } from './request-target.ts';
import { watchLines, watchOptions } from './watch.ts';

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

type Subresource = UpdateOptions['subresource'];

const deletionSlice = 50;

export class ResourceHandler {
  readonly #cluster: EmbeddedCluster;
  readonly #clock: Clock;

  constructor(cluster: EmbeddedCluster, clock: Clock) {
    this.#cluster = cluster;
    this.#clock = clock;
  }

  /** @param signal ends a watch @throws ApiFailure */
  async handle(request: ResourceRequest, signal: AbortSignal): Promise<Answer> {
    const subresource = subresourceOf(request);
    switch (request.verb) {
      case 'list':
        return this.#list(request);
      case 'watch':
        return this.#watch(request, signal);
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
    const before = (): readonly KubeObject[] =>
      this.#cluster.listAt(type, this.#cluster.previousRevision(type), namespace);
    const object = isStale
      ? before().find(({ metadata }) => metadata.name === name)
      : this.#cluster.get(type, namespace, name);
    if (object === undefined) throw notFound(type, name);
    if (subresource === 'scale') return jsonAnswer(scaleOf(object, type.scale!));
    return this.#answer(request, object);
  }

  #list(request: ResourceRequest): Answer {
    const { type, target, query, isStale } = request;
    const selection = selectionOf(query, type, target.name);
    const page = listPage(this.#cluster, { type, namespace: target.namespace, query, selection, isStale });
    return { status: 200, body: listText(page, this.#representation(request)) };
  }

  #watch(request: ResourceRequest, signal: AbortSignal): Answer {
    const { type, target, query } = request;
    const { namespace, name } = target;
    const options = watchOptions(query, this.#cluster.storage.revision);
    const form = this.#representation(request);
    const watch = { ...options, type, namespace, selection: selectionOf(query, type, name), form };
    return { status: 200, body: watchLines(this.#cluster, watch, this.#clock, signal), isWatch: true };
  }

  #create(request: ResourceRequest): Answer {
    const { type, target } = request;
    const { options, warnings } = writing(request);
    const object = requireObject(parsed(request), type, target.namespace);
    return this.#answer(request, this.#cluster.create(type, object, options), 201, warnings);
  }

  #update(request: ResourceRequest, subresource: Subresource): Answer {
    const { type, target } = request;
    const { namespace = '', name = '' } = target;
    const { options, warnings } = writing(request);
    if (subresource === 'scale') {
      const scale = parsed(request) as unknown as KubeObject;
      return this.#scale(request, () => scale, options);
    }
    const object = requireObject(parsed(request), type, target.namespace, name);
    const isThere = this.#cluster.get(type, namespace, name) !== undefined;
    if (type.isCustom && isThere && !object.metadata.resourceVersion) {
      const field = 'metadata.resourceVersion';
      throw invalid(type, name, { reason: 'FieldValueInvalid', message: 'must be specified for an update', field });
    }
    return this.#answer(request, this.#cluster.update(type, object, { ...options, subresource }), 200, warnings);
  }

  #patch(request: ResourceRequest, subresource: Subresource): Answer {
    const { type, target, query, headers, body } = request;
    const { namespace = '', name = '' } = target;
    const patchType = patchTypeOf(headers['content-type'], type.isCustom);
    const isApply = patchType === 'apply';
    if (isApply && !query.get('fieldManager'))
      refuse('fieldManager', 'FieldValueRequired', 'Required value for an apply');
    const { options, warnings } = writing(request);
    const patch = parsePatch(body, patchType);
    if (subresource === 'scale') {
      if (isApply) throw new ApiFailure('UnsupportedMediaType', 'a scale cannot be applied');
      return this.#scale(request, (scale) => patched(patchType, scale, patch, {}), options);
    }
    const wanted = isApply ? requireObject(patch as Record<string, unknown>, type, target.namespace, name) : patch;
    const isNew = isApply && this.#cluster.get(type, namespace, name) === undefined;
    const object = this.#cluster.patch(type, namespace, name, patchType, wanted, {
      ...options,
      force: isTrue(query.get('force')),
      subresource: subresource === 'status' ? 'status' : undefined,
    });
    return this.#answer(request, object, isNew ? 201 : 200, warnings);
  }

  #delete(request: ResourceRequest): Answer {
    const { type, target } = request;
    const { namespace = '', name = '' } = target;
    const options = deletionOf(request);
    const uid = this.#cluster.get(type, namespace, name)?.metadata.uid;
    const kept = this.#cluster.delete(type, namespace, name, options);
    if (kept !== undefined) return this.#answer(request, kept);
    const details = { name, group: type.group || undefined, kind: type.plural, uid };
    return jsonAnswer({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
  }

  async #deleteCollection(request: ResourceRequest): Promise<Answer> {
    const { type, target, query } = request;
    const options = deletionOf(request);
    const selection = selectionOf(query, type, undefined);
    const { namespace } = target;
    const page = listPage(this.#cluster, { type, namespace, query: new URLSearchParams(), selection, isStale: false });
    for (const [index, { metadata }] of page.objects.entries()) {
      if (index % deletionSlice === deletionSlice - 1) await turn();
      this.#deleteIfThere(type, metadata.namespace ?? '', metadata.name, options);
    }
    return { status: 200, body: listText(page, this.#representation(request)) };
  }

  #deleteIfThere(type: ResourceType, namespace: string, name: string, options: DeleteOptions): void {
    try {
      this.#cluster.delete(type, namespace, name, options);
    } catch (error) {
      if (!(error instanceof ApiFailure) || error.reason !== 'NotFound') throw error;
    }
  }

  #scale({ type, target }: ResourceRequest, change: (scale: KubeObject) => KubeObject, options: WriteOptions): Answer {
    const { namespace = '', name = '' } = target;
    const object = this.#cluster.get(type, namespace, name);
    if (object === undefined) throw notFound(type, name);
    const paths = type.scale!;
    const wanted = withScale(object, change(scaleOf(object, paths)), paths);
    return jsonAnswer(scaleOf(this.#cluster.update(type, wanted, { ...options, subresource: 'scale' }), paths));
  }

  #answer(request: ResourceRequest, object: KubeObject, status = 200, warnings: readonly string[] = []): Answer {
    const headers: Record<string, string> =
      warnings.length === 0 ? {} : { warning: warnings.map(warningHeader).join(', ') };
    return { status, headers, body: this.#representation(request).one(object) };
  }

  #representation({ type, query, headers }: ResourceRequest): Representation {
    return representationOf(type, headers.accept, query.get('includeObject'), () => this.#clock.now());
  }
}

/** @throws ApiFailure `NotFound` when the type has no such subresource */
function subresourceOf({ type, target: { subresource } }: ResourceRequest): Subresource {
  if (subresource === undefined) return undefined;
  if (subresource === 'status' && type.hasStatus) return 'status';
  if (subresource === 'scale' && type.scale !== undefined) return 'scale';
  if (subresource === 'finalize' && type.group === '' && type.kind === 'Namespace') return 'finalize';
  throw new ApiFailure('NotFound', 'the server could not find the requested resource', {});
}

function parsed({ body, headers, type }: ResourceRequest): Record<string, unknown> {
  return parseObject(body, headers['content-type'], type.kind);
}

/** The options of a write, and the warnings that come of it. */
function writing({ query, headers, body }: ResourceRequest): { options: WriteOptions; warnings: readonly string[] } {
  const warnings: string[] = [];
  const options = writeOptions(query, headers['user-agent'] ?? '');
  const isAsked = options.fieldValidation !== 'Ignore';
  const duplicateFields = isAsked ? duplicatesIn(body, headers['content-type']) : [];
  return { options: { ...options, duplicateFields, warn: (text) => warnings.push(text) }, warnings };
}

function deletionOf({ query, headers, body }: ResourceRequest): DeleteOptions {
  return deleteOptions(query, body.length === 0 ? {} : parseObject(body, headers['content-type'], 'DeleteOptions'));
}

/** RFC 7234: code 299, no agent, a quoted text in one line, of what a header can carry. */
function warningHeader(text: string): string {
  const quoted = text.replaceAll(/[^ -~]+/g, '?').replaceAll(/["\\]/g, String.raw`\$&`);
  return `299 - "${quoted}"`;
}
