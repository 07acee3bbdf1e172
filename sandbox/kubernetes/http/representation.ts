/**
 * Objects in the form that a client asked for, as text: single, as items of a list, as the object of a watch event.
 */
import type { KubeObject } from '../object.ts';
import { apiVersionOf, type ResourceType } from '../resource-type.ts';
import type { AcceptedForm } from './accept.ts';
import { bareText, objectText } from './json-text.ts';

export interface ListMetadata {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export interface Representation {
  one(object: KubeObject): string;
  /** Up to the first item. */
  listHead(metadata: ListMetadata): string;
  item(object: KubeObject): string;
  /** The object of a watch event. */
  watched(object: KubeObject): string;
}

export const listTail = ']}';

export type IncludeObject = 'Metadata' | 'Object' | 'None';

export function representationOf(
  type: ResourceType,
  { as, metaVersion }: AcceptedForm,
  includeObject: IncludeObject,
  nowMs: () => number,
): Representation {
  if (as === 'table') return new TableForm(type, `meta.k8s.io/${metaVersion}`, includeObject, nowMs);
  return as === 'metadata' ? metadataForm(`meta.k8s.io/${metaVersion}`) : plainForm(type);
}

function plainForm(type: ResourceType): Representation {
  return {
    one: objectText,
    listHead: (metadata) => head(type.listKind, apiVersionOf(type), metadata, '"items":['),
    item: type.isCustom ? objectText : bareText,
    watched: objectText,
  };
}

function metadataForm(apiVersion: string): Representation {
  const one = (object: KubeObject) => metadataText(object, apiVersion);
  return {
    one,
    listHead: (metadata) => head('PartialObjectMetadataList', apiVersion, metadata, '"items":['),
    item: one,
    watched: one,
  };
}

/** The columns are sent once: with the list, or with the first event of a watch. */
class TableForm implements Representation {
  readonly #type: ResourceType;
  readonly #apiVersion: string;
  readonly #includeObject: IncludeObject;
  readonly #nowMs: () => number;
  #sentColumns = false;

  constructor(type: ResourceType, apiVersion: string, includeObject: IncludeObject, nowMs: () => number) {
    this.#type = type;
    this.#apiVersion = apiVersion;
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
    return head('Table', this.#apiVersion, metadata, `"columnDefinitions":${JSON.stringify(columns)},"rows":[`);
  }

  item(object: KubeObject): string {
    const isBookmark = object.metadata.uid === undefined;
    const cells = isBookmark ? this.#type.columns.map(() => '') : this.#type.cells(object, this.#nowMs());
    return `{"cells":${JSON.stringify(cells)},"object":${this.#object(object)}}`;
  }

  watched(object: KubeObject): string {
    return this.one(object);
  }

  #object(object: KubeObject): string {
    if (this.#includeObject === 'None') return 'null';
    return this.#includeObject === 'Object' ? objectText(object) : metadataText(object, this.#apiVersion);
  }
}

function metadataText({ metadata }: KubeObject, apiVersion: string): string {
  return JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion, metadata });
}

function head(kind: string, apiVersion: string, metadata: ListMetadata, rest: string): string {
  return `${JSON.stringify({ kind, apiVersion, metadata }).slice(0, -1)},${rest}`;
}
