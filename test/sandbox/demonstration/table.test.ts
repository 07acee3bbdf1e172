import assert from 'node:assert/strict';
import type { Row } from '../../../sandbox/demonstration/observed/row.ts';
import { formatAge, formatLag, plainLine, renderTable } from '../../../sandbox/demonstration/terminal/table.ts';

const nowMs = 100_000;

function row(changes: Partial<Row> & { changedAtMs?: number } = {}): Row {
  const { changedAtMs = nowMs - 5000, ...rest } = changes;
  return {
    key: 'k',
    object: 'ncfg/orders.yaml',
    remote: 'shop/orders.yaml',
    kubernetes: { text: 'InSync', fingerprint: '1', changedAtMs },
    nacos: { text: '57 bytes', fingerprint: '1', changedAtMs },
    isGone: false,
    lagMs: 12.4,
    ...rest,
  };
}

const many = Array.from({ length: 30 }, (_, index) =>
  row({ object: `ncfg/config-${String(index).padStart(2, '0')}`, changedAtMs: index * 1000 }),
);

describe('the table of a sandbox', () => {
  it('says of an object how it stands on both sides, when it changed and how long that took', () => {
    const [head = '', line = ''] = renderTable([row()], { columns: 80, lines: 20 }, nowMs).split('\n');
    assert.match(head, /^OBJECT +IN KUBERNETES +IN NACOS +CHANGED +LAG$/);
    assert.match(line, /^ncfg\/orders.yaml +InSync +57 bytes at shop\/orders.… +5s +12 ms$/);
  });

  for (const columns of [40, 80, 120]) {
    it(`is never wider than ${columns} columns, however long the names are`, () => {
      const long = 'a'.repeat(250);
      const rows = [row({ object: long, remote: long }), row({ object: '服务'.repeat(60), remote: '配置'.repeat(60) })];
      const text = renderTable([...rows, ...many], { columns, lines: 12 }, nowMs);
      for (const line of text.split('\n')) assert.ok(displayWidth(line) <= columns, `${displayWidth(line)}: ${line}`);
      assert.match(text, /…/);
    });
  }

  it('is never higher than there are lines, and sums up what it leaves out', () => {
    const rows = many.with(
      3,
      row({ object: 'ncfg/config-03', nacos: { text: 'absent', fingerprint: '', changedAtMs: 0 } }),
    );
    const lines = renderTable(rows, { columns: 80, lines: 10 }, nowMs).split('\n');
    assert.equal(lines.length, 10);
    assert.equal(lines.at(-1), 'and 22 more; of all 30, 29 are the same on both sides');
  });

  it('leaves out what has not changed for longest, and keeps the order', () => {
    const lines = renderTable(many, { columns: 80, lines: 5 }, nowMs).split('\n');
    const objects = lines.slice(1, -1).map((line) => line.split(' ')[0]);
    assert.deepEqual(objects, ['ncfg/config-27', 'ncfg/config-28', 'ncfg/config-29']);
  });

  const lags: { what: string; row: Row; shown: RegExp }[] = [
    { what: 'under way', row: row({ nacos: { text: '1 byte', fingerprint: '2', changedAtMs: 0 } }), shown: / …$/m },
    {
      what: 'different for long',
      row: row({ changedAtMs: 0, nacos: { text: '1 byte', fingerprint: '2', changedAtMs: 0 } }),
      shown: / -$/m,
    },
    {
      what: 'not known yet',
      row: row({ nacos: { text: '', fingerprint: undefined, changedAtMs: 0 } }),
      shown: / … +5s +…$/m,
    },
    { what: 'deleted', row: row({ isGone: true }), shown: / 5s$/m },
  ];
  for (const { what, row, shown } of lags) {
    it(`shows what is ${what}`, () => assert.match(renderTable([row], { columns: 80, lines: 20 }, nowMs), shown));
  }

  const ages: [ms: number, text: string][] = [
    [0, '0s'],
    [119_999, '119s'],
    [120_000, '2m'],
    [7_200_000, '2h'],
    [-5, '0s'],
  ];
  for (const [ms, text] of ages) it(`writes an age of ${ms} ms as ${text}`, () => assert.equal(formatAge(ms), text));

  it('writes a lag in milliseconds up to ten seconds', () => {
    assert.deepEqual([formatLag(0.4), formatLag(9999), formatLag(12_345)], ['0 ms', '9999 ms', '12.3 s']);
  });
});

describe('a line of a sandbox without a terminal', () => {
  const at = new Date('2026-01-02T03:04:05.678Z');

  it('says what has changed', () => {
    assert.equal(
      plainLine(row(), at),
      '2026-01-02T03:04:05.678Z ncfg/orders.yaml  Kubernetes: InSync; Nacos: 57 bytes at shop/orders.yaml (lag 12 ms)',
    );
  });

  it('has no lag while the sides differ', () => {
    const line = plainLine(row({ nacos: { text: 'absent', fingerprint: '', changedAtMs: 0 } }), at);
    assert.ok(line.endsWith('Nacos: absent at shop/orders.yaml'), line);
  });
});

/** Chinese characters take two columns, the others here one. */
function displayWidth(line: string): number {
  return line.length + (line.match(/\p{Script=Han}/gu)?.length ?? 0);
}
