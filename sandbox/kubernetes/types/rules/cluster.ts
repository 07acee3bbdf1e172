/**
 * Namespaces, Nodes, Leases, Events, PodDisruptionBudgets, and the kinds of RBAC, which are stored and not enforced.
 *
 * Source: k8s.io/kubernetes/pkg/apis/{core,coordination,events,policy,rbac}
 */
import { isDeepStrictEqual } from 'node:util';
import { ApiFailure } from '../../api-failure.ts';
import type { FieldErrors } from '../../validation/field-errors.ts';
import { isJsonObject, listAt, objectAt, stringAt } from '../../validation/json.ts';
import type { JsonObject } from '../../validation/json.ts';
import { checkQualifiedName } from '../../validation/names.ts';
import type { KindRules } from '../kind-rules.ts';
import { fillMissing } from './missing.ts';

const rbacGroup = 'rbac.authorization.k8s.io';

export const namespaceRules: KindRules = {
  fillIn(namespace) {
    const metadata = objectAt(namespace, 'metadata');
    const labels = { ...objectAt(metadata, 'labels'), 'kubernetes.io/metadata.name': metadata['name'] };
    namespace['metadata'] = { ...metadata, labels };
    namespace['status'] = { phase: 'Active', ...objectAt(namespace, 'status') };
  },
  nameForm: 'label',
};

export const leaseRules: KindRules = {
  fillIn(lease) {
    const spec = objectAt(lease, 'spec');
    for (const field of ['acquireTime', 'renewTime']) normalizeTime(spec, field);
  },
  check(lease, errors) {
    const { leaseDurationSeconds: duration, leaseTransitions: transitions } = objectAt(lease, 'spec');
    if (typeof duration === 'number' && duration <= 0) {
      errors.invalid('spec.leaseDurationSeconds', duration, 'must be greater than 0');
    }
    if (typeof transitions === 'number' && transitions < 0) {
      errors.invalid('spec.leaseTransitions', transitions, 'must be greater than or equal to 0');
    }
  },
};

/** Times with microseconds are always written with six digits. */
function normalizeTime(spec: JsonObject, field: string): void {
  const time = spec[field];
  if (typeof time !== 'string') return;
  const [, seconds, fraction = '', zone] =
    /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d+))?(Z|[+-]\d{2}:\d{2})$/.exec(time) ?? [];
  if (seconds === undefined) {
    const layout = '2006-01-02T15:04:05.000000Z07:00';
    const text = `parsing time ${JSON.stringify(time)} as "${layout}": cannot parse ${JSON.stringify(time)} as "2006"`;
    throw new ApiFailure('BadRequest', `Lease in version "v1" cannot be handled as a Lease: ${text}`);
  }
  if (zone === 'Z') spec[field] = `${seconds}.${fraction.slice(0, 6).padEnd(6, '0')}Z`;
}

/** Of `v1`. */
export const coreEventRules: KindRules = {
  fillIn(event) {
    for (const field of ['involvedObject', 'source']) event[field] = objectAt(event, field);
    for (const field of ['reportingComponent', 'reportingInstance']) event[field] = stringAt(event, field);
  },
  check(event, errors) {
    const namespace = stringAt(objectAt(event, 'metadata'), 'namespace');
    const involved = stringAt(objectAt(event, 'involvedObject'), 'namespace');
    const isFine = involved === namespace || (involved === '' && namespace === 'default');
    if (!isFine) errors.invalid('involvedObject.namespace', involved, 'does not match event.namespace');
  },
};

const longestNote = 1024;
const longestReason = 128;

/** Of `events.k8s.io/v1`, which asks for more. */
export const eventRules: KindRules = {
  check(event, errors, previous) {
    if (previous) return;
    const controller = stringAt(event, 'reportingController');
    if (event['eventTime'] === undefined) errors.required('eventTime');
    if (controller === '') errors.required('reportingController');
    for (const problem of checkQualifiedName(controller)) errors.invalid('reportingController', controller, problem);
    for (const field of ['reportingInstance', 'action', 'reason']) {
      const text = stringAt(event, field);
      if (text === '') errors.required(field);
      if (text.length > longestReason) errors.invalid(field, '', `can have at most ${longestReason} characters`);
    }
    const note = stringAt(event, 'note');
    if (Buffer.byteLength(note) > longestNote)
      errors.invalid('message', '', `can have at most ${longestNote} characters`);
    const type = stringAt(event, 'type');
    if (type !== 'Normal' && type !== 'Warning') errors.invalid('type', '', `has invalid value: ${type}`);
  },
};

const percent =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for " +
  "validation is '[0-9]+%')";

export const disruptionBudgetRules: KindRules = {
  fillIn(budget) {
    const zero = { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 };
    budget['status'] = { ...zero, ...objectAt(budget, 'status') };
  },
  check(budget, errors) {
    const spec = objectAt(budget, 'spec');
    if (spec['minAvailable'] !== undefined && spec['maxUnavailable'] !== undefined) {
      errors.invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set');
    }
    for (const field of ['minAvailable', 'maxUnavailable']) checkCountOrPercent(spec[field], `spec.${field}`, errors);
  },
};

function checkCountOrPercent(value: unknown, path: string, errors: FieldErrors): void {
  if (typeof value === 'number' && value < 0) errors.invalid(path, value, 'must be greater than or equal to 0');
  if (typeof value === 'string' && !/^[0-9]+%$/.test(value)) errors.invalid(path, value, percent);
}

export const roleRules: KindRules = {
  nameForm: 'path',
  check(role, errors) {
    for (const [index, rule] of listAt(role, 'rules').entries()) {
      const path = `rules[${index}]`;
      if (listAt(rule, 'verbs').length === 0) errors.required(`${path}.verbs`, 'verbs must contain at least one value');
      if (listAt(rule, 'nonResourceURLs').length > 0) continue;
      if (listAt(rule, 'apiGroups').length === 0) {
        errors.required(`${path}.apiGroups`, 'resource rules must supply at least one api group');
      }
      if (listAt(rule, 'resources').length === 0) {
        errors.required(`${path}.resources`, 'resource rules must supply at least one resource');
      }
    }
  },
};

export function bindingRules(kinds: readonly string[]): KindRules {
  return {
    nameForm: 'path',
    fillIn(binding) {
      fillMissing(objectAt(binding, 'roleRef'), { apiGroup: rbacGroup });
      for (const subject of listAt(binding, 'subjects')) {
        if (isJsonObject(subject) && subject['kind'] !== 'ServiceAccount')
          fillMissing(subject, { apiGroup: rbacGroup });
      }
    },
    check(binding, errors, previous) {
      const role = objectAt(binding, 'roleRef');
      if (!kinds.includes(stringAt(role, 'kind'))) errors.notSupported('roleRef.kind', role['kind'], kinds);
      if (stringAt(role, 'name') === '') errors.required('roleRef.name');
      if (previous && !isDeepStrictEqual(role, previous['roleRef'])) {
        errors.invalid('roleRef', role, 'cannot change roleRef');
      }
      for (const [index, subject] of listAt(binding, 'subjects').entries()) {
        if (stringAt(subject, 'name') === '') errors.required(`subjects[${index}].name`);
        const kind = stringAt(subject, 'kind');
        if (!subjectKinds.includes(kind)) errors.notSupported(`subjects[${index}].kind`, kind, subjectKinds);
      }
    },
  };
}

const subjectKinds = ['ServiceAccount', 'User', 'Group'];
