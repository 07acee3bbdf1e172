/**
 * Whether an applied configuration is of its type at all: known fields, kinds of values, no two items that are the same.
 *
 * Source: sigs.k8s.io/structured-merge-diff/v6/typed/validate.go.
 */
import { ApiFailure } from '../api-failure.ts';
import type { KubeObject } from '../object.ts';
import type { FieldType, ListType, MapType, ScalarType } from './field-type.ts';
import { listOf, mapOf, shapeOf } from './field-value.ts';
import { encodeJson, printType, printValue } from './go-text.ts';
import { printPathElement } from './path-element.ts';

/** @throws ApiFailure with code 500 and no reason, as the API server does */
export function checkFields(applied: KubeObject, type: FieldType): void {
  const defects = defectsOf(applied, type);
  if (defects.length === 0) return;
  const { metadata } = applied;
  const what = `failed to create typed patch object (${metadata.namespace ?? ''}/${metadata.name}; ${printKind(applied)})`;
  const text =
    defects.length === 1 ? defects.join('') : ['errors:', ...defects.map((defect) => `  ${defect}`)].join('\n');
  throw new ApiFailure('', `${what}: ${text}`);
}

/** As messages write group, version and kind. */
export function printKind({ apiVersion, kind }: Pick<KubeObject, 'apiVersion' | 'kind'>): string {
  return `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
}

/** Each with its path before it. */
function defectsOf(value: unknown, type: FieldType): string[] {
  const shape = shapeOf(value, type);
  if (value === null || value === undefined) return [];
  if (shape.kind === 'scalar') return defectsOfScalar(value, type.scalar ?? 'any');
  if (shape.kind === 'list') return defectsOfList(value, shape.type);
  return defectsOfMap(value, shape.type);
}

function defectsOfMap(value: unknown, type: MapType): string[] {
  const map = mapOf(value);
  if (!map) return [`: expected map, got &{${printValue(value)}}`];
  const all: string[] = [];
  for (const [key, entry] of Object.entries(map)) {
    const entryType = type.of(key);
    const defects = entryType ? defectsOf(entry, entryType) : [': field not declared in schema'];
    for (const defect of defects) all.push(`.${key}${defect}`);
  }
  return all;
}

function defectsOfList(value: unknown, type: ListType): string[] {
  const list = listOf(value);
  if (!list) return [`: expected list, got &{${printValue(value)}}`];
  const seen = new Set<string>();
  const defects: string[] = [];
  for (const [index, item] of list.entries()) {
    let step = `i:${index}`;
    if (!type.isAtomic) {
      try {
        step = type.elementOf(item);
      } catch (error) {
        return [...defects, `: element ${index}: ${(error as Error).message}`];
      }
      if (seen.has(step)) defects.push(`: duplicate entries for key ${printPathElement(step)}`);
      seen.add(step);
    }
    defects.push(...defectsOf(item, type.items).map((defect) => printPathElement(step) + defect));
  }
  return defects;
}

function defectsOfScalar(value: unknown, expected: ScalarType): string[] {
  if (typeof value === expected || (expected === 'any' && typeof value !== 'object')) return [];
  switch (expected) {
    case 'number':
      return [`: expected numeric (int or float), got ${printType(value)}`];
    case 'string':
      return [`: expected string, got &value.valueUnstructured{Value:${encodeJson(value)}}`];
    case 'boolean':
      return [`: expected boolean, got &{${printValue(value)}}`];
    case 'any':
      return [`: expected any scalar, got &{${printValue(value)}}`];
  }
}
