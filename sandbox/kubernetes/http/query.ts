/**
 * The options that requests carry in their query, and the refusal of what they cannot be: an option that is misread in
 * silence would write what was only to be tried.
 */
import { ApiFailure } from '../api-failure.ts';
import type { DeleteOptions, WriteOptions } from '../cluster.ts';
import { parseFieldSelector } from '../field-selector.ts';
import { parseLabelSelector } from '../label-selector.ts';
import type { KubeObject } from '../object.ts';
import { invalid } from '../refusals.ts';
import type { ResourceType } from '../resource-type.ts';

export function isTrue(value: string | null): boolean {
  return value !== null && /^(1|t|true)$/i.test(value);
}

/** Undefined when the option is not given. @throws ApiFailure `Invalid` for a value that is not known */
export function choice<T extends string>(field: string, value: unknown, known: readonly T[]): T | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const found = known.find((one) => one === value);
  if (found !== undefined) return found;
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${known.join(', ')}`;
  return refuse(field, 'FieldValueNotSupported', message);
}

/** @throws ApiFailure `Invalid` */
export function refuse(field: string, reason: string, message: string): never {
  throw invalid({ group: 'meta.k8s.io', kind: 'Options' }, '', { reason, message, field });
}

/** @throws ApiFailure `Invalid` */
export function writeOptions(query: URLSearchParams, userAgent: string): WriteOptions {
  return {
    // Else what the client calls itself, up to the slash.
    manager: query.get('fieldManager') || userAgent.split('/', 1)[0] || 'unknown',
    dryRun: isDryRun(query.getAll('dryRun')),
    fieldValidation: choice('fieldValidation', query.get('fieldValidation'), ['Ignore', 'Warn', 'Strict']) ?? 'Warn',
  };
}

function isDryRun(values: readonly unknown[]): boolean {
  return values.some((value) => choice('dryRun', value, ['All']) !== undefined);
}

/** @throws ApiFailure `Invalid`, `BadRequest` */
export function deleteOptions(query: URLSearchParams, body: Readonly<Record<string, unknown>>): DeleteOptions {
  const policy = body.propagationPolicy ?? query.get('propagationPolicy');
  const grace = body.gracePeriodSeconds;
  const { uid, resourceVersion } = (body.preconditions ?? {}) as Record<string, string | undefined>;
  const dryRun = Array.isArray(body.dryRun) ? body.dryRun : [];
  return {
    propagationPolicy: choice('propagationPolicy', policy, ['Foreground', 'Background', 'Orphan']),
    gracePeriodSeconds: typeof grace === 'number' ? grace : integer(query.get('gracePeriodSeconds')),
    preconditions: { uid, resourceVersion },
    dryRun: isDryRun([...query.getAll('dryRun'), ...dryRun]),
  };
}

/** Undefined when there is none. @throws ApiFailure `BadRequest` */
export function integer(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw new ApiFailure('BadRequest', `${JSON.stringify(text)} is no integer`);
}

/** Which objects of a type a list, a watch or a collective deletion is about. */
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
