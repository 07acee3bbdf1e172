/**
 * Which objects of a type a list, a watch or a collective deletion is about.
 */
import { parseFieldSelector } from '../field-selector.ts';
import { parseLabelSelector } from '../label-selector.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceType } from '../resource-type.ts';

export interface Selection {
  readonly isEverything: boolean;
  selects(object: KubeObject): boolean;
}

/** @throws ApiFailure `BadRequest` */
export function selectionOf(query: URLSearchParams, type: ResourceType, name: string | undefined): Selection {
  const labels = query.get('labelSelector') ?? '';
  const fields = query.get('fieldSelector') ?? '';
  const byLabel = parseLabelSelector(labels);
  const byField = parseFieldSelector(fields, type);
  return {
    isEverything: labels === '' && fields === '' && name === undefined,
    selects: (object) =>
      (name === undefined || object.metadata.name === name) && byLabel(object.metadata.labels ?? {}) && byField(object),
  };
}
