import assert from 'node:assert/strict';
import { isInStep, nextRow, type Row, type RowFacts } from '../../../sandbox/demonstration/observed/row.ts';

type State = [kubernetes: string | undefined, nacos: string | undefined];

function facts([kubernetes, nacos]: State, isGone = false): RowFacts {
  return {
    key: 'k',
    object: 'ncfg/a',
    remote: 'g/a',
    kubernetes: { text: `has ${kubernetes}`, fingerprint: kubernetes },
    nacos: { text: `has ${nacos}`, fingerprint: nacos },
    isGone,
  };
}

/** The row after these states, each at its time. */
function after(...states: [atMs: number, state: State][]): Row {
  const last = states.reduce<Row | undefined>((row, [atMs, state]) => nextRow(row, facts(state), atMs), undefined);
  assert.ok(last);
  return last;
}

describe('a row of what is observed', () => {
  const cases: { what: string; states: [number, State][]; lagMs: number | undefined }[] = [
    {
      what: 'a change in Kubernetes that arrives in Nacos',
      states: [
        [0, ['1', '1']],
        [100, ['2', '1']],
        [130, ['2', '2']],
      ],
      lagMs: 30,
    },
    {
      what: 'a change in Nacos that arrives in Kubernetes',
      states: [
        [0, ['1', '1']],
        [100, ['1', '2']],
        [112, ['2', '2']],
      ],
      lagMs: 12,
    },
    {
      what: 'several changes, of which the last is measured',
      states: [
        [0, ['1', '1']],
        [100, ['2', '1']],
        [200, ['3', '1']],
        [240, ['3', '3']],
      ],
      lagMs: 40,
    },
    {
      what: 'an object whose side in Nacos is known later',
      states: [
        [0, ['1', undefined]],
        [20, ['1', '']],
        [50, ['1', '1']],
      ],
      lagMs: 50,
    },
    {
      what: 'a change that has not arrived, beside the one before',
      states: [
        [0, ['1', '']],
        [5, ['1', '1']],
        [100, ['2', '1']],
      ],
      lagMs: 5,
    },
  ];
  for (const { what, states, lagMs } of cases) {
    it(`has the lag of ${what}`, () => assert.equal(after(...states).lagMs, lagMs));
  }

  it('is the same row while nothing is new', () => {
    const row = nextRow(undefined, facts(['1', '1']), 0);
    assert.equal(nextRow(row, facts(['1', '1']), 500), row);
  });

  it('changes its words without having changed', () => {
    const row = nextRow(undefined, facts(['1', '1']), 0);
    const same = facts(['1', '1']);
    const next = nextRow(row, { ...same, kubernetes: { ...same.kubernetes, text: 'InSync' } }, 500);
    assert.deepEqual([next.kubernetes.text, next.kubernetes.changedAtMs, next.lagMs], ['InSync', 0, 0]);
  });

  it('is not in step while one side is unknown', () => {
    assert.equal(isInStep(after([0, [undefined, undefined]])), false);
    assert.equal(isInStep(after([0, ['', '']])), true);
  });

  it('has no lag of its deletion', () => {
    const row = nextRow(undefined, facts(['1', '1']), 0);
    const gone = nextRow(row, facts(['', '1'], true), 100);
    assert.equal(nextRow(gone, facts(['', ''], true), 900).lagMs, 0);
  });
});
