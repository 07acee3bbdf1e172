import assert from 'node:assert/strict';
import type { ConfigObservation } from '../../../operator/nacos/config/config-snapshot.ts';
import { FakeClock } from '../../fake-clock.ts';
import { clientFor, fakeNacos, stopAll } from '../client-for.ts';
import { until } from '../until.ts';

const key = { namespaceId: '', group: 'g', dataId: 'd' };
const plain = { type: 'text', cas: 'none' } as const;

describe('a write of ours that no push follows', () => {
  afterEach(stopAll);

  it('is asked for, so that a removal right after it is noticed', async () => {
    const [fake, clock] = [await fakeNacos(), new FakeClock()];
    const { client, connected } = clientFor([fake], { clock });
    await connected();
    const heard: ConfigObservation['kind'][] = [];
    client.config.watch(key, ({ kind }) => heard.push(kind));
    await until('read', () => heard.length === 1);
    // The server refreshes its cache once for both writes, finds nothing changed, and pushes nothing.
    fake.faults.holdDumps = true;
    await client.config.publish(key, 'x', plain);
    fake.remove(' g d');
    fake.dump();
    await until(
      'noticed',
      () => heard.length === 3,
      () => clock.advance(100),
    );
    assert.deepEqual(heard, ['absent', 'present', 'absent']);
    assert.ok(clock.monotonic() < 10_000);
  });

  it('is asked for in its turn, when several wait', async () => {
    const [fake, clock] = [await fakeNacos(), new FakeClock()];
    const { client, connected } = clientFor([fake], { clock });
    await connected();
    const heard: string[] = [];
    for (const dataId of ['a', 'b'])
      client.config.watch({ ...key, dataId }, ({ kind }) => heard.push(`${dataId} ${kind}`));
    await until('read', () => heard.length === 2);
    fake.faults.holdDumps = true;
    for (const dataId of ['a', 'b']) {
      await client.config.publish({ ...key, dataId }, 'x', plain);
      fake.remove(` g ${dataId}`);
      await clock.advance(1_500);
    }
    fake.dump();
    const removals = (): string[] => heard.slice(2).filter((line) => line.endsWith('absent'));
    await until(
      'noticed',
      () => removals().length === 2,
      () => clock.advance(100),
    );
    assert.deepEqual(removals(), ['a absent', 'b absent']);
  });

  it('costs nothing when the push came', async () => {
    const [fake, clock] = [await fakeNacos(), new FakeClock()];
    const { client, connected } = clientFor([fake], { clock });
    await connected();
    client.config.watch(key, () => {});
    const listens = (): number => fake.count('ConfigBatchListenRequest');
    await until(
      'told',
      () => listens() === 1,
      () => clock.advance(10),
    );
    await client.config.publish(key, 'x', plain);
    await until(
      'told again',
      () => listens() === 2,
      () => clock.advance(10),
    );
    await clock.advance(5_000);
    assert.equal(listens(), 2);
  });
});
