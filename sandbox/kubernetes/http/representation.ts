/**
 * Objects in the form that a client asked for, as JSON text: single, as items of a list, as the object of a watch event.
 * There are plain objects, Tables for `kubectl get`, and metadata alone.
 *
 * Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
 */
import { ApiFailure } from '../api-failure.ts';
import type { KubeObject } from '../object.ts';
import { apiVersionOf, type ResourceType } from '../resource-type.ts';

export interface ListMetadata {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export interface Representation {
  /** Also the object of a watch event. */
  one(object: KubeObject): string;
  /** Up to the first item. */
  listHead(metadata: ListMetadata): string;
  item(object: KubeObject): string;
}

export const listTail = ']}';

const metaVersion = 'meta.k8s.io/v1';

/**
 * The first of the accepted forms that can be made; a client that takes only protobuf is refused.
 *
 * @param includeObject what a Table shows of the object beside the cells
 * @throws ApiFailure `NotAcceptable`
 */
export function representationOf(
  type: ResourceType,
  accept: string | undefined,
  includeObject: string | null,
  nowMs: () => number,
): Representation {
  for (const entry of (accept || '*/*').split(',')) {
    const [mediaType = '', ...parameters] = entry.split(';').map((part) => part.trim());
    if (!['application/json', 'application/*', '*/*'].includes(mediaType.toLowerCase())) continue;
    const { as, g, v = 'v1' } = Object.fromEntries(parameters.map((parameter) => parameter.split('='))) as Form;
    if (as === undefined) return plainForm(type);
    if (g !== 'meta.k8s.io' || v !== 'v1') continue;
    if (as === 'Table') return new TableForm(type, includeObject, nowMs);
    if (as.startsWith('PartialObjectMetadata')) return metadataForm;
  }
  throw new ApiFailure('NotAcceptable', 'only application/json is served, as objects, Tables or PartialObjectMetadata');
}

type Form = Readonly<Record<string, string | undefined>>;

function plainForm(type: ResourceType): Representation {
  return {
    one: objectText,
    listHead: (metadata) => head(type.listKind, apiVersionOf(type), metadata, '"items":['),
    // As the API server shows items of lists of its own types.
    item: type.isCustom ? objectText : (object) => `{${fieldsText(object)}`,
  };
}

const metadataForm: Representation = {
  one: metadataText,
  listHead: (metadata) => head('PartialObjectMetadataList', metaVersion, metadata, '"items":['),
  item: metadataText,
};

/** The columns are sent once: with the list, or with the first event of a watch. */
class TableForm implements Representation {
  readonly #type: ResourceType;
  readonly #includeObject: string | null;
  readonly #nowMs: () => number;
  #sentColumns = false;

  constructor(type: ResourceType, includeObject: string | null, nowMs: () => number) {
    this.#type = type;
    this.#includeObject = includeObject;
    this.#nowMs = nowMs;
  }

  one(object: KubeObject): string {
    const { resourceVersion = '' } = object.metadata;
    return `${this.listHead({ resourceVersion })}${this.item(object)}${listTail}`;
  }

  listHead(metadata: ListMetadata): string {
    const columns = this.#sentColumns ? null : this.#type.columns;
    this.#sentColumns = true;
    return head('Table', metaVersion, metadata, `"columnDefinitions":${JSON.stringify(columns)},"rows":[`);
  }

  item(object: KubeObject): string {
    const isBookmark = object.metadata.uid === undefined;
    const cells = isBookmark ? this.#type.columns.map(() => '') : this.#type.cells(object, this.#nowMs());
    return `{"cells":${JSON.stringify(cells)},"object":${this.#object(object)}}`;
  }

  #object(object: KubeObject): string {
    if (this.#includeObject === 'None') return 'null';
    return this.#includeObject === 'Object' ? objectText(object) : metadataText(object);
  }
}

function metadataText({ metadata }: KubeObject): string {
  return JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion: metaVersion, metadata });
}

function head(kind: string, apiVersion: string, metadata: ListMetadata, rest: string): string {
  return `${JSON.stringify({ kind, apiVersion, metadata }).slice(0, -1)},${rest}`;
}

function objectText(object: KubeObject): string {
  const { kind, apiVersion } = object;
  return `${JSON.stringify({ kind, apiVersion }).slice(0, -1)},${fieldsText(object)}`;
}

const texts = new WeakMap<KubeObject, string>();

/**
 * Everything but kind and apiVersion, from the first field to the closing brace. Made once for each object: stored ones are
 * immutable, and many watchers and lists show the same.
 */
function fieldsText(object: KubeObject): string {
  let text = texts.get(object);
  if (text === undefined) {
    text = JSON.stringify({ ...object, kind: undefined, apiVersion: undefined }).slice(1);
    texts.set(object, text);
  }
  return text;
}
