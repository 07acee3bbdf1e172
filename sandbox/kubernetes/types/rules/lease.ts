/** Leases: a term that lasts, and times with microseconds. */
import { invalid } from '../../../../operator/admission/field-problem.ts';
import { objectAt, stringAt } from '../../../../operator/admission/json.ts';
import type { BuiltInRules } from '../kind-rules.ts';

const microTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}(Z|[+-]\d{2}:\d{2})$/;

export const leaseRules: BuiltInRules = {
  *problems(lease) {
    const spec = objectAt(lease, 'spec');
    const { leaseDurationSeconds: duration, leaseTransitions: transitions } = spec;
    if (typeof duration === 'number' && duration <= 0) {
      yield invalid('spec.leaseDurationSeconds', duration, 'must be greater than 0');
    }
    if (typeof transitions === 'number' && transitions < 0) {
      yield invalid('spec.leaseTransitions', transitions, 'must be greater than or equal to 0');
    }
    for (const field of ['acquireTime', 'renewTime']) {
      if (spec[field] === undefined || microTime.test(stringAt(spec, field))) continue;
      yield invalid(`spec.${field}`, spec[field], 'must be a time in RFC 3339 with six digits of the second');
    }
  },
};
