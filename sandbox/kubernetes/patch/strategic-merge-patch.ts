/**
 * Strategic merge patches: merge patches that merge lists by a key where the schema says so, with directives for what a
 * merge cannot say. They are what kubectl apply (client side), edit, label, set image and rollout restart send.
 *
 * Directives
 *   $patch: replace | delete            of a map, or of an item of a list (in a list, `replace` is of the whole list)
 *   $deleteFromPrimitiveList/FIELD      values that go from the list FIELD
 *   $setElementOrder/FIELD              the order of the list FIELD
 *   $retainKeys                         the only fields that may stay
 *
 * Source: k8s.io/apimachinery/pkg/util/strategicpatch.
 */
import { ApiFailure } from '../api-failure.ts';
import type { KubeObject } from '../object.ts';
import type { Schema } from '../../../operator/admission/schema.ts';
import { entryOf, listOf, mapOf } from './field-value.ts';
import type { JsonList, JsonMap } from './field-value.ts';
import { jsonKind, printValue } from './go-text.ts';
import { deleteValues, mergeLists, orderItems } from './strategic-list.ts';
import { withoutDirectives, withoutNulls } from './strategic-value.ts';

const patchDirective = '$patch';
const retainKeysDirective = '$retainKeys';
const deletePrefix = '$deleteFromPrimitiveList';
const orderPrefix = '$setElementOrder';

/**
 * Returns the patched copy; `current` stays as it is, and parts that the patch does not touch are shared.
 *
 * @throws ApiFailure `BadRequest` for directives that are none, `Invalid` for those that contradict the rest of the patch,
 *   500 without a reason (as the API server does) for items without their merge key
 */
export function strategicMergePatch(current: KubeObject, patch: unknown, schema: Schema): KubeObject {
  const map = mapOf(patch);
  if (!map) {
    throw new ApiFailure(
      'BadRequest',
      `json: cannot unmarshal ${jsonKind(patch)} into Go value of type map[string]interface {}`,
    );
  }
  return mergeMap(current, map, schema) as unknown as KubeObject;
}

/** Also for the items of lists. */
export function mergeMap(current: JsonMap | undefined, patch: JsonMap, schema: Schema | undefined): JsonMap {
  const directive = entryOf(patch, patchDirective);
  if (directive === 'replace') {
    const { [patchDirective]: _, ...replacement } = patch;
    return replacement;
  }
  if (directive === 'delete') return {};
  if (directive !== undefined) {
    throw new ApiFailure('', `unknown patch type: ${printValue(directive)} in map: ${printValue(patch)}`);
  }
  const fields = new Map(Object.entries(retainKeys(current ?? {}, patch)));
  const rest = mergeOrderedLists(fields, patch, schema);
  for (const [key, change] of rest) mergeField(fields, key, change, schema);
  return Object.fromEntries(fields);
}

function mergeField(fields: Map<string, unknown>, key: string, change: unknown, schema: Schema | undefined): void {
  if (key === retainKeysDirective) return;
  if (key.startsWith(deletePrefix)) {
    const field = fieldOfDirective(key, deletePrefix);
    const [list, values] = [listOf(fields.get(field)), listOf(change)];
    if (change === null) fields.delete(field);
    else if (list && values) fields.set(field, deleteValues(list, values));
    return;
  }
  if (change === null) {
    fields.delete(key);
    return;
  }
  const merged = mergeValue(fields.get(key), change, fieldOf(schema, key));
  if (merged === undefined) fields.delete(key);
  else fields.set(key, merged);
}

/** Undefined when nothing stays. */
function mergeValue(value: unknown, change: unknown, schema: Schema | undefined): unknown {
  const strategy = strategyOf(schema);
  const [map, mapChange] = [mapOf(value), mapOf(change)];
  if (map && mapChange) return strategy === 'replace' ? mapChange : mergeMap(map, mapChange, schema);
  const [list, listChange] = [listOf(value), listOf(change)];
  if (list && listChange) return strategy === 'merge' ? mergeItems(list, listChange, schema) : listChange;
  return withoutDirectives(withoutNulls(change));
}

function mergeItems(list: JsonList, change: JsonList, schema: Schema | undefined): JsonList {
  return mergeLists(list, change, mergeKeyOf(schema), (item, patch) => mergeMap(item, patch, schema?.items));
}

/** Merges the lists whose order the patch gives, and returns the other changes. */
function mergeOrderedLists(
  fields: Map<string, unknown>,
  patch: JsonMap,
  schema: Schema | undefined,
): Map<string, unknown> {
  const rest = new Map(Object.entries(patch));
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(orderPrefix)) continue;
    rest.delete(key);
    const field = fieldOfDirective(key, orderPrefix);
    const [value, change] = [fields.get(field), rest.get(field)];
    const [orderList, list, listChange] = [listOf(order), listOf(value), listOf(change)];
    if (!orderList || (value !== undefined && !list) || (change !== undefined && !listChange)) {
      throw new ApiFailure('BadRequest', 'invalid patch format of setElementOrder list');
    }
    if (!list && !listChange) continue;
    if ((list?.length ?? 0) + (listChange?.length ?? 0) === 0) {
      throw new ApiFailure('', 'no elements in any of the given slices');
    }
    const listSchema = fieldOf(schema, field);
    const merged = mergeOrdered(list, listChange, listSchema);
    fields.set(field, orderItems(merged, listChange ?? [], orderList, list ?? [], mergeKeyOf(listSchema)));
    rest.delete(field);
  }
  return rest;
}

function mergeOrdered(list: JsonList | undefined, change: JsonList | undefined, schema: Schema | undefined): JsonList {
  if (!change) return list ?? [];
  if (!list) return listOf(withoutDirectives(change)) ?? [];
  return strategyOf(schema) === 'merge' ? mergeItems(list, change, schema) : change;
}

/** The fields that may stay. */
function retainKeys(current: JsonMap, patch: JsonMap): JsonMap {
  if (!Object.hasOwn(patch, retainKeysDirective)) return current;
  const keys = listOf(patch[retainKeysDirective]);
  const isKept = (key: string): boolean => keys?.includes(key) === true;
  const isDirective = (key: string): boolean =>
    key === retainKeysDirective || key.startsWith(deletePrefix) || key.startsWith(orderPrefix);
  const isListed = Object.entries(patch).every(([key, value]) => value === null || isDirective(key) || isKept(key));
  if (!keys || !isListed) throw new ApiFailure('BadRequest', 'invalid patch format of retainKeys');
  return Object.fromEntries(Object.entries(current).filter(([key]) => isKept(key)));
}

function fieldOfDirective(key: string, prefix: string): string {
  if (key.startsWith(`${prefix}/`)) return key.slice(prefix.length + 1);
  const what = prefix === deletePrefix ? 'primitive list' : 'setElementOrder list';
  throw new ApiFailure('BadRequest', `invalid patch format of ${what}`);
}

function fieldOf(schema: Schema | undefined, key: string): Schema | undefined {
  const { properties = {}, additionalProperties } = schema ?? {};
  if (Object.hasOwn(properties, key)) return properties[key];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

function strategyOf(schema: Schema | undefined): 'merge' | 'replace' | undefined {
  // `retainKeys` stands beside another strategy and only says what clients send.
  const strategies = schema?.['x-kubernetes-patch-strategy']?.split(',') ?? [];
  if (strategies.includes('merge')) return 'merge';
  return strategies.includes('replace') ? 'replace' : undefined;
}

function mergeKeyOf(schema: Schema | undefined): string | undefined {
  return schema?.['x-kubernetes-patch-merge-key'];
}
