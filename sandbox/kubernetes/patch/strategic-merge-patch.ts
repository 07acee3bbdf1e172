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
import { mapOf } from './field-type.ts';
import type { JsonMap } from './field-type.ts';

/**
 * Returns the patched copy; `current` stays as it is, and parts that the patch does not touch are shared.
 *
 * @throws ApiFailure `BadRequest` for directives that are none, and for items without their merge key
 */
export function strategicMergePatch(current: KubeObject, patch: JsonMap, schema: Schema): KubeObject {
  return mergeMap(current, patch, schema) as unknown as KubeObject;
}

function mergeMap(current: JsonMap, patch: JsonMap, schema: Schema | undefined): JsonMap {
  const changes = new Map(Object.entries(patch));
  const directive = changes.get('$patch');
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'replace') throw unreadable(`$patch: ${JSON.stringify(directive)}`);
  const retained = listOf(changes.get('$retainKeys'));
  const fields = new Map(Object.entries(directive === 'replace' ? {} : current));
  if (retained) for (const name of fields.keys()) if (!retained.includes(name)) fields.delete(name);
  for (const name of new Set([...changes.keys()].map(fieldOf))) {
    if (name.startsWith('$')) continue;
    const [order, gone] = ['$setElementOrder', '$deleteFromPrimitiveList'].map((of) =>
      listOf(changes.get(`${of}/${name}`)),
    );
    const merged = mergeValue(fields.get(name), { change: changes.get(name), order, gone }, schemaOf(schema, name));
    if (merged === undefined) fields.delete(name);
    else fields.set(name, merged);
  }
  return Object.fromEntries(fields);
}

/** The field that a key of a patch is about. */
function fieldOf(key: string): string {
  return key.replace(/^\$(setElementOrder|deleteFromPrimitiveList)\//, '');
}

interface Change {
  readonly change: unknown;
  readonly order?: readonly unknown[] | undefined;
  readonly gone?: readonly unknown[] | undefined;
}

/** Undefined when nothing stays. */
function mergeValue(value: unknown, { change, order, gone }: Change, schema: Schema | undefined): unknown {
  if (change === null) return undefined;
  const strategies = schema?.['x-kubernetes-patch-strategy']?.split(',') ?? [];
  const map = mapOf(change);
  if (map) return mergeMap(strategies.includes('replace') ? {} : (mapOf(value) ?? {}), map, schema);
  const list = listOf(change ?? (order || gone ? [] : undefined));
  if (list === undefined || (change !== undefined && !strategies.includes('merge'))) return change ?? value;
  const kept = (listOf(value) ?? []).filter((item) => gone?.includes(item) !== true);
  return mergeList(kept, list, order, schema ?? {});
}

/** Of items with one key, such as two protocols of a port, the first is meant. */
function mergeList(
  list: readonly unknown[],
  changes: readonly unknown[],
  order: readonly unknown[] | undefined,
  schema: Schema,
): readonly unknown[] {
  const mergeKey = schema['x-kubernetes-patch-merge-key'];
  const idOf = (item: unknown): unknown => (mergeKey === undefined ? item : keyOf(item, mergeKey));
  const replaces = changes.some((change) => directiveOf(change) === 'replace');
  const removed = changes.filter((change) => directiveOf(change) === 'delete').map(idOf);
  const items = replaces ? [] : list.filter((item) => !removed.includes(idOf(item)));
  const written = changes.filter((change) => directiveOf(change) === undefined);
  for (const change of written) {
    const index = items.findIndex((item) => idOf(item) === idOf(change));
    const map = mapOf(change);
    const merged = map ? mergeMap(mapOf(items[index]) ?? {}, map, schema.items) : change;
    if (index < 0) items.push(merged);
    else items[index] = merged;
  }
  return inOrder(items, (order ?? written).map(idOf), list.map(idOf), idOf);
}

/** What has a place, in the order of the places; the others where they were before in relation to those. */
function inOrder(
  items: readonly unknown[],
  places: readonly unknown[],
  before: readonly unknown[],
  idOf: (item: unknown) => unknown,
): readonly unknown[] {
  const placed = items.filter((item) => places.includes(idOf(item)));
  const others = items.filter((item) => !places.includes(idOf(item)));
  const ordered: unknown[] = [];
  for (const item of placed.sort((a, b) => places.indexOf(idOf(a)) - places.indexOf(idOf(b)))) {
    const place = before.indexOf(idOf(item));
    while (others.length > 0 && before.indexOf(idOf(others[0])) < place) ordered.push(others.shift());
    ordered.push(item);
  }
  return [...ordered, ...others];
}

function directiveOf(item: unknown): unknown {
  return mapOf(item)?.['$patch'];
}

function keyOf(item: unknown, mergeKey: string): unknown {
  const key = mapOf(item)?.[mergeKey];
  if (key === undefined) throw unreadable(`an item of a list without its merge key ${mergeKey}`);
  return key;
}

function unreadable(what: string): ApiFailure {
  return new ApiFailure('BadRequest', `the strategic merge patch cannot be read: ${what}`);
}

function schemaOf(schema: Schema | undefined, name: string): Schema | undefined {
  const { properties = {}, additionalProperties } = schema ?? {};
  if (Object.hasOwn(properties, name)) return properties[name];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

function listOf(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}
