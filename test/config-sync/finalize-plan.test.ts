import assert from 'node:assert/strict';
import { finalizeRules, planFinalize, type FinalizeInput } from '../../operator/config-sync/finalize-plan.ts';
import { rulesWithoutCase } from './rule-cases.ts';

describe('finalize plan', () => {
  const MD5 = 'a'.repeat(32);
  const OTHER = 'b'.repeat(32);
  const cases: [string, Partial<FinalizeInput>, string][] = [
    ['nothing is there', { nacosMd5: undefined, baseMd5: MD5 }, 'nothing'],
    ['we wrote it, and somebody the same again', { nacosMd5: MD5, baseMd5: MD5, isBaseOurs: true }, 'leave'],
    ['it is as last synced, and we never wrote it', { nacosMd5: MD5, baseMd5: MD5, isBaseOurs: false }, 'leave'],
    [
      'it is as we wrote it and the owner cannot be read',
      { nacosMd5: MD5, baseMd5: MD5, isBaseOurs: true, ownership: 'unknown' },
      'remove',
    ],
    [
      'it is as last synced, and nobody can tell who wrote it',
      { nacosMd5: MD5, baseMd5: MD5, ownership: 'unknown' },
      'leave',
    ],
    [
      'it is as last synced, we never wrote it and the owner cannot be read',
      { nacosMd5: MD5, baseMd5: MD5, isBaseOurs: false, ownership: 'unknown' },
      'leave',
    ],
    ['we wrote last, though it was not recorded', { nacosMd5: MD5, baseMd5: OTHER, ownership: 'ours' }, 'remove'],
    ['we wrote last, and nothing was recorded', { nacosMd5: MD5, ownership: 'ours' }, 'remove'],
    ['somebody edited it', { nacosMd5: MD5, baseMd5: OTHER, ownership: 'foreign' }, 'leave'],
    ['it differs and the owner cannot be read', { nacosMd5: MD5, baseMd5: OTHER, ownership: 'unknown' }, 'leave'],
    ['it was never ours', { nacosMd5: MD5, ownership: 'foreign' }, 'leave'],
    ['another bridge took it, with equal content', { nacosMd5: MD5, baseMd5: MD5, ownership: 'other-bridge' }, 'leave'],
  ];
  const defaults: FinalizeInput = {
    nacosMd5: MD5,
    baseMd5: undefined,
    isBaseOurs: undefined,
    ownership: 'foreign',
    lastWriter: '',
  };
  for (const [title, input, expected] of cases) {
    it(`is to ${expected} when ${title}`, () => {
      assert.equal(planFinalize({ ...defaults, ...input }).kind, expected);
    });
  }

  it('has a case above for each of its rules', () => {
    const inputs = cases.map(([, input]) => ({ ...defaults, ...input }));
    assert.deepEqual(rulesWithoutCase(finalizeRules, inputs), []);
  });
});
