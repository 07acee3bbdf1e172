import assert from 'node:assert/strict';
import { statusOf, type SyncFindings } from '../../../operator/config-sync/bulk/status.ts';
import type { Counts, Problem } from '../../../operator/config-sync/bulk/tally.ts';
import { BridgeError } from '../../../operator/errors.ts';
import { syncOf } from './samples.ts';

const none: Counts = { synced: 0, conflict: 0, invalid: 0, skipped: 0, taken: 0, failing: 0, pending: 0 };
const problem = { object: 'ConfigMap/app', key: 'a', reason: 'Conflict', message: 'somebody else has it' };

interface Case {
  title: string;
  /** What differs from: three items in sync, all known. */
  findings: Found;
  suspend?: boolean;
  /** Ready, Synced, and DeletionGuard or RolledOut: status and reason. */
  verdicts: [string, string, string?];
}

const error = new BridgeError('CONNECTION_NOT_READY', 'no connection');
const cases: Case[] = [
  { title: 'all in sync', findings: {}, verdicts: ['True InSync', 'True InSync'] },
  {
    title: 'no items',
    findings: { total: 0, counts: none },
    verdicts: ['True NothingSelected', 'True NothingSelected'],
  },
  { title: 'not all known', findings: { isComplete: false }, verdicts: ['False Progressing', 'False Progressing'] },
  {
    title: 'some on their way',
    findings: { counts: { ...none, synced: 2, pending: 1 } },
    verdicts: ['False Progressing', 'False Progressing'],
  },
  {
    title: 'a conflict',
    findings: { counts: { ...none, synced: 1, conflict: 1, invalid: 1 }, problems: [problem] },
    verdicts: ['False Conflict', 'False Conflict'],
  },
  {
    title: 'a failure',
    findings: { counts: { ...none, synced: 2, failing: 1 } },
    verdicts: ['False ItemsFailing', 'False ItemsFailing'],
  },
  {
    title: 'content that is not valid',
    findings: { counts: { ...none, synced: 2, invalid: 1 } },
    verdicts: ['False Invalid', 'False Invalid'],
  },
  {
    title: 'a name that is not legal',
    findings: { counts: { ...none, synced: 2, skipped: 1 } },
    verdicts: ['False Skipped', 'True InSync'],
  },
  {
    title: 'a guard that holds',
    findings: { held: 8 },
    verdicts: ['False TooManyRemovals', 'True InSync', 'True TooManyRemovals'],
  },
  { title: 'no connection', findings: { error }, verdicts: ['False ConnectionNotReady', 'False ConnectionNotReady'] },
  {
    title: 'a rollout that waits',
    findings: { rolledOut: { status: 'Unknown', reason: 'Waiting', message: '' } },
    verdicts: ['True InSync', 'True InSync', 'Unknown Waiting'],
  },
  {
    title: 'a workload that is paused',
    findings: { rolledOut: { status: 'False', reason: 'Paused', message: '' } },
    verdicts: ['False Paused', 'True InSync', 'False Paused'],
  },
  {
    title: 'a conflict and a workload that is paused',
    findings: { counts: { ...none, conflict: 3 }, rolledOut: { status: 'False', reason: 'Paused', message: '' } },
    verdicts: ['False Conflict', 'False Conflict', 'False Paused'],
  },
  { title: 'suspension', findings: {}, suspend: true, verdicts: ['True Suspended', 'Unknown Suspended'] },
];

interface Found extends Partial<Omit<SyncFindings, 'running'>> {
  total?: number;
  counts?: Counts;
  problems?: Problem[];
  digest?: string;
  held?: number;
}

function findingsOf(found: Found): SyncFindings {
  const { total = 3, counts = { ...none, synced: 3 }, problems = [], digest = '0'.repeat(16), held = 0 } = found;
  const { error, isComplete = true, rolledOut } = found;
  const tally = { total, counts, digest, worst: (limit: number) => problems.slice(0, limit) };
  return { running: { tally, held }, isComplete, rolledOut, error };
}

describe('the status of a NacosConfigSync', () => {
  for (const { title, findings, suspend = false, verdicts } of cases) {
    it(`tells of ${title}`, () => {
      const { conditions = [] } = statusOf(syncOf({ suspend }), findingsOf(findings), 0);
      assert.deepEqual(
        conditions.map(({ status, reason }) => `${status} ${reason}`),
        verdicts,
      );
    });
  }

  it('keeps the counts of before while it is suspended', () => {
    const problems = [{ ...problem, message: 'too large' }];
    const before = statusOf(syncOf(), findingsOf({ counts: { ...none, synced: 2, invalid: 1 }, problems }), 0);
    const found = findingsOf({ counts: { ...none, pending: 3 }, digest: 'f'.repeat(16) });
    const now = statusOf({ ...syncOf({ suspend: true }), status: before }, found, 0);
    assert.deepEqual([now.items, now.digest, now.problems], [before.items, before.digest, before.problems]);
  });

  it('names the worst problem, and says how much there is', () => {
    const found = findingsOf({ counts: { ...none, synced: 2, conflict: 1 }, problems: [problem] });
    const [ready] = statusOf(syncOf(), found, 0).conditions ?? [];
    assert.equal(ready?.message, "1 of 3 items are in conflict, such as ConfigMap/app, key 'a': somebody else has it");
  });

  it('stays small', () => {
    const problems = Array.from({ length: 50 }, () => ({ ...problem, message: 'x'.repeat(5000) }));
    const { problems: told = [] } = statusOf(syncOf(), findingsOf({ problems }), 0);
    assert.deepEqual([told.length, told[0]?.message.length], [10, 1001]);
  });

  it('is the same again when nothing changed', () => {
    const first = statusOf(syncOf(), findingsOf({}), 0);
    const again = statusOf({ ...syncOf(), status: first }, findingsOf({}), 60_000);
    assert.deepEqual(again, first);
  });
});
