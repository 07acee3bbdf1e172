/**
 * The options that requests carry in their query, with the API server's own refusals of what they cannot be.
 *
 * Source: k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go and internalversion/validation
 */
import { ApiFailure } from '../api-failure.ts';
import type { DeleteOptions, WriteOptions } from '../cluster.ts';
import { invalid } from '../refusals.ts';

type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'DeleteOptions' | 'ListOptions';

const longestManager = 128;
const unknownManager = 'unknown';

export function isTrue(value: string | null): boolean {
  return value === 'true' || value === '1' || value === 'True' || value === 'TRUE' || value === 't' || value === 'T';
}

/** @throws ApiFailure `Invalid` */
export function isDryRun(values: readonly string[], kind: OptionsKind): boolean {
  const asked = values.filter((value) => value !== '');
  if (asked.some((value) => value !== 'All')) {
    refuse(
      kind,
      'FieldValueNotSupported',
      'dryRun',
      `Unsupported value: ${JSON.stringify(asked)}: supported values: "All"`,
    );
  }
  return asked.length > 0;
}

/** @throws ApiFailure `Invalid` */
export function writeOptions(query: URLSearchParams, kind: OptionsKind, userAgent: string): WriteOptions {
  const fieldValidation = query.get('fieldValidation') ?? '';
  if (!isFieldValidation(fieldValidation)) {
    const supported = 'supported values: "", "Ignore", "Strict", "Warn"';
    refuse(kind, 'FieldValueNotSupported', 'fieldValidation', `Unsupported value: "${fieldValidation}": ${supported}`);
  }
  const manager = query.get('fieldManager') ?? '';
  if (manager.length > longestManager) {
    refuse(kind, 'FieldValueTooLong', 'fieldManager', `Too long: may not be more than ${longestManager} bytes`);
  }
  return {
    manager: manager || managerOf(userAgent),
    dryRun: isDryRun(query.getAll('dryRun'), kind),
    fieldValidation: fieldValidation === '' ? 'Warn' : fieldValidation,
  };
}

function isFieldValidation(value: string): value is 'Ignore' | 'Warn' | 'Strict' | '' {
  return ['', 'Ignore', 'Warn', 'Strict'].includes(value);
}

/** What a client calls itself, up to the slash. */
function managerOf(userAgent: string): string {
  return userAgent.split('/', 1)[0]?.slice(0, longestManager) || unknownManager;
}

const policies = ['Foreground', 'Background', 'Orphan'] as const;

/** @throws ApiFailure `Invalid`, `BadRequest` */
export function deleteOptions(query: URLSearchParams, body: Readonly<Record<string, unknown>>): DeleteOptions {
  const propagationPolicy = body.propagationPolicy ?? query.get('propagationPolicy') ?? undefined;
  if (propagationPolicy !== undefined && !isPolicy(propagationPolicy)) {
    const supported = 'supported values: "Foreground", "Background", "Orphan", "nil"';
    const message = `Unsupported value: ${JSON.stringify(propagationPolicy)}: ${supported}`;
    refuse('DeleteOptions', 'FieldValueNotSupported', 'propagationPolicy', message);
  }
  const grace = body.gracePeriodSeconds ?? query.get('gracePeriodSeconds') ?? undefined;
  const bodyDryRun = Array.isArray(body.dryRun) ? body.dryRun.map(String) : [];
  return {
    propagationPolicy:
      isTrue(query.get('orphanDependents')) || body.orphanDependents === true ? 'Orphan' : propagationPolicy,
    gracePeriodSeconds: grace === undefined ? undefined : integer(JSON.stringify(grace).replaceAll('"', '')),
    preconditions: preconditionsOf(body.preconditions),
    dryRun: isDryRun([...query.getAll('dryRun'), ...bodyDryRun], 'DeleteOptions'),
  };
}

function isPolicy(value: unknown): value is (typeof policies)[number] {
  return policies.some((policy) => policy === value);
}

function preconditionsOf(value: unknown): DeleteOptions['preconditions'] {
  if (typeof value !== 'object' || value === null) return undefined;
  const { uid, resourceVersion } = value as Record<string, unknown>;
  return {
    uid: typeof uid === 'string' ? uid : undefined,
    resourceVersion: typeof resourceVersion === 'string' ? resourceVersion : undefined,
  };
}

/** @throws ApiFailure `BadRequest` */
export function integer(text: string): number {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw new ApiFailure('BadRequest', `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** Undefined when none is given. @throws ApiFailure `BadRequest` */
export function resourceVersion(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const quoted = JSON.stringify(text);
  const why = `resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: invalid syntax`;
  throw new ApiFailure('BadRequest', `invalid resource version: ${why}`);
}

/** @throws ApiFailure `Invalid` */
export function refuse(kind: OptionsKind, reason: string, field: string, message: string): never {
  throw invalid({ group: 'meta.k8s.io', kind }, '', { reason, message, field });
}
