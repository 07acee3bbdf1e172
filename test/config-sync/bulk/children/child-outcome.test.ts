import assert from 'node:assert/strict';
import { outcomeOf } from '../../../../operator/config-sync/bulk/children/child-outcome.ts';
import { syncOf } from '../samples.ts';
import { childAsStored } from './samples.ts';

describe('the outcome of an item', () => {
  const cases: [string, string | undefined, string][] = [
    ['True', 'InSync', 'synced'],
    ['False', 'Conflict', 'conflict'],
    ['False', 'InvalidContent', 'invalid'],
    ['False', 'ConnectionNotReady', 'failing'],
    ['True', 'Suspended', 'pending'],
    ['', undefined, 'pending'],
  ];
  for (const [status, reason, state] of cases) {
    it(`is ${state} for Ready ${status} ${reason ?? ''}`, () => {
      const ready = { type: 'Ready', status: status as 'True', reason: reason ?? '', message: 'm' };
      const conditions = [{ ...ready, lastTransitionTime: '2026-01-01T00:00:00Z' }];
      const child = { ...childAsStored(syncOf()), status: reason === undefined ? {} : { conditions } };
      assert.equal(outcomeOf(child).state, state);
    });
  }
});
