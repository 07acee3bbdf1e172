import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NacosConfigInventory, NacosConfigSync } from '../../operator/api/resources.ts';
import { listItems, type ListedItem } from '../../operator/command/listed-items.ts';
import { tableText } from '../../operator/command/table.ts';
import { startEmbeddedWorld, type EmbeddedWorld } from '../embedded/world.ts';
import { eventually, hangMs } from '../eventually.ts';
import { commandLine } from './command-line.ts';

const MD5 = 'd41d8cd98f00b204e9800998ecf8427e';
const apiVersion = 'bridge.nacos.io/v1alpha1';

describe('the items that an inventory and a status tell', () => {
  const shard = (...entries: string[]): NacosConfigInventory => ({ metadata: { name: 's' }, status: { entries } });
  const sync = (status: NacosConfigSync['status']) =>
    ({ metadata: { name: 's' }, spec: {}, status }) as NacosConfigSync;
  const counts = { total: 9, synced: 0, pending: 0, conflicts: 0, invalid: 0, failing: 0, skipped: 0 };
  const told = ({ items }: { items: readonly ListedItem[] }) =>
    items.map(({ key, dataId, md5, reason, state }) => [key ?? dataId, state, md5, reason]);

  it('are synced with a base, and pending without; of two entries the one without counts', () => {
    const shards = [
      shard(`g a ConfigMap/o a ${MD5} o`, 'g b ConfigMap/o b', 'of another version'),
      shard(`g b ConfigMap/o b ${MD5} t@1`),
    ];
    assert.deepEqual(told(listItems(sync(undefined), shards)), [
      ['a', 'synced', MD5, undefined],
      ['b', 'pending', undefined, undefined],
    ]);
  });

  it('tell no digest of a Secret', () => {
    assert.deepEqual(told(listItems(sync(undefined), [shard(`g a Secret/o a ${MD5} o`)])), [
      ['a', 'synced', undefined, undefined],
    ]);
  });

  it('have the problems of the status, also those of names that are no items', () => {
    const problem = { reason: 'Conflict', message: 'm' };
    const problems = [
      { ...problem, state: 'Conflict', group: 'g', dataId: 'a', object: 'ConfigMap/o', key: 'a' },
      { reason: 'IllegalName', message: 'm', state: 'Skipped', object: 'ConfigMap/o', key: 'x' },
      { reason: 'IllegalName', message: 'm', state: 'Skipped', group: 'g', dataId: 'Y:' },
    ] as const;
    const list = listItems(sync({ items: { ...counts, conflicts: 3, skipped: 2 }, problems: [...problems] }), [
      shard(`g a ConfigMap/o a ${MD5} o`),
    ]);
    assert.deepEqual(told(list), [
      ['Y:', 'skipped', undefined, 'IllegalName'],
      ['a', 'conflict', MD5, 'Conflict'],
      ['x', 'skipped', undefined, 'IllegalName'],
    ]);
    assert.equal(list.untold, 2);
  });
});

describe('a table', () => {
  const rows = [
    ['synced', 'cm/orders', 'application.yaml', 'configmap.orders', 'application.yaml', 'd41d8cd9'],
    [
      'conflict',
      'cm/a-name-of-many-more-characters',
      'application.yaml',
      'configmap.a-name-of-many-more-characters',
      'application.yaml',
      '-',
    ],
  ];
  const head = ['STATE', 'OBJECT', 'KEY', 'GROUP', 'DATAID', 'MD5'];

  it('shows everything where nobody says how wide the screen is', () => {
    const [, , last = ''] = tableText(head, rows).split('\n');
    assert.deepEqual(last.split(/ {2,}/), rows[1]);
  });

  for (const width of [80, 100, 200]) {
    it(`fits a screen of ${width} characters, and shortens no more than it must`, () => {
      const lines = tableText(head, rows, width).trimEnd().split('\n');
      assert.ok(
        lines.every((line) => line.length <= width),
        lines.join('\n'),
      );
      assert.deepEqual(
        lines.map((line) => line.split(/ {2,}/).length),
        [6, 6, 6],
      );
      assert.equal(lines.join().includes('…'), width < 160, lines.join('\n'));
      assert.deepEqual([lines[1]?.slice(0, 6), lines[1]?.split(/ {2,}/)[1]], ['synced', 'cm/orders']);
    });
  }
});

describe('nacos-bridge items', () => {
  let world: EmbeddedWorld;
  let dir: string;
  let kubeconfig: string;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'nacos-bridge-items-'));
    world = await startEmbeddedWorld('3.1');
    kubeconfig = join(dir, 'kubeconfig');
    await writeFile(kubeconfig, world.kubernetes.kubeconfig);
    const { kubernetes, nacos } = world.backends;
    await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
    await nacos.publish({ namespaceId: '', group: 'configmap.settings', dataId: 'theirs' }, 'other\n');
    const data = { mine: 'text\n', theirs: 'text\n' };
    await kubernetes.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: 'shop' },
      data,
    });
    const spec = { source: 'Kubernetes', kubernetes: { all: true } };
    await kubernetes.apply({ apiVersion, kind: 'NacosConfigSync', metadata: { name: 'all', namespace: 'shop' }, spec });
    await eventually(hangMs, async () => {
      const sync = await kubernetes.get({ apiVersion, kind: 'NacosConfigSync', namespace: 'shop', name: 'all' });
      const { items } = (sync?.['status'] ?? {}) as { items?: { synced: number; conflicts: number } };
      assert.deepEqual([items?.synced, items?.conflicts], [1, 1]);
    });
  });

  after(async () => {
    await world?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const list = (...args: string[]) => commandLine(['items', ...args, `--kubeconfig=${kubeconfig}`]);

  it('lists each item with its state, and tells why one is not in sync', async () => {
    await eventually(hangMs, async () => {
      const { code, errors, output } = await list('all', '-n', 'shop');
      assert.equal(code, 0, errors);
      const rows = output
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ {2,}/));
      assert.deepEqual(rows, [
        ['STATE', 'OBJECT', 'KEY', 'GROUP', 'DATAID', 'MD5'],
        ['synced', 'cm/settings', 'mine', 'configmap.settings', 'mine', 'e1cbb0c3'],
        ['conflict', 'cm/settings', 'theirs', 'configmap.settings', 'theirs', '-'],
      ]);
      assert.match(errors, /^nacos-bridge: ConfigMap\/settings theirs: .*\n2 items: 1 synced, 1 conflict\n$/);
    });
  });

  it('tells programs in JSON those of one state', async () => {
    const { code, errors, output } = await list('all', '-n', 'shop', '-o', 'json', '--state=conflict');
    assert.deepEqual([code, errors], [0, '']);
    const { items, summary, ...rest } = JSON.parse(output) as { items: ListedItem[]; summary: Record<string, number> };
    assert.deepEqual(rest, { namespace: 'shop', name: 'all', source: 'Kubernetes' });
    assert.deepEqual(
      items.map(({ key, state }) => [key, state]),
      [['theirs', 'conflict']],
    );
    assert.deepEqual([summary['conflict'], summary['synced']], [1, 0]);
  });

  it('needs no Nacos', async () => {
    await world.servers.nacos.stop();
    try {
      const { code, errors, output } = await list('all', '-n', 'shop', '--state', 'synced');
      assert.equal(code, 0, errors);
      assert.match(output, /^synced {2,}cm\/settings {2,}mine/m);
    } finally {
      await world.servers.nacos.start();
    }
  });

  it('ends with 1 and says what may have been meant when there is none of that name', async () => {
    const [near, far] = await Promise.all([list('al', '-n', 'shop'), list('all', '-n', 'nowhere')]);
    const start = "nacos-bridge: there is no NacosConfigSync '";
    assert.deepEqual(
      [near.code, near.output, near.errors],
      [1, '', `${start}al' in namespace 'shop'; did you mean all?\n`],
    );
    assert.deepEqual([far.code, far.errors], [1, `${start}all' in namespace 'nowhere'; check -n NAMESPACE\n`]);
  });
});
