import assert from 'node:assert/strict';
import type { Timer } from '../../../operator/clock.ts';
import type { ConfigObservation } from '../../../operator/nacos/config/config-snapshot.ts';
import { OverdueWrites } from '../../../operator/nacos/config/overdue-writes.ts';
import type { WatchedConfig } from '../../../operator/nacos/config/watched-config.ts';
import { FakeClock } from '../../fake-clock.ts';
import { clientFor, stopAll } from '../client-for.ts';
import { heldConfig, key, listening, listens, plain, servedConfig } from './config-samples.ts';
import { until } from '../until.ts';

describe('a write of ours that no push follows', () => {
  afterEach(stopAll);

  it('is asked for, so that a removal right after it is noticed', async () => {
    const [{ author, dump, nacos }, clock] = [await heldConfig(), new FakeClock()];
    const { client, connected } = clientFor([nacos], { clock });
    await connected();
    const heard: ConfigObservation['kind'][] = [];
    client.config.watch(key, ({ kind }) => heard.push(kind));
    await until('read', () => heard.length === 1);
    // The server refreshes its cache once for both writes, finds nothing changed, and pushes nothing.
    await client.config.publish(key, 'x', plain);
    await author.remove();
    await dump();
    await until(
      'noticed',
      () => heard.length === 3,
      () => clock.advance(100),
    );
    assert.deepEqual(heard, ['absent', 'present', 'absent']);
    assert.ok(clock.monotonic() < 10_000);
  });

  it('is asked for in its turn, when several wait', async () => {
    const [{ author, dump, nacos }, clock] = [await heldConfig(), new FakeClock()];
    const { client, connected } = clientFor([nacos], { clock });
    await connected();
    const heard: string[] = [];
    for (const dataId of ['a', 'b'])
      client.config.watch({ ...key, dataId }, ({ kind }) => heard.push(`${dataId} ${kind}`));
    await until('read', () => heard.length === 2);
    for (const dataId of ['a', 'b']) {
      await client.config.publish({ ...key, dataId }, 'x', plain);
      await author.remove({ ...key, dataId });
      await clock.advance(1_500);
    }
    await dump();
    const removals = (): string[] => heard.slice(2).filter((line) => line.endsWith('absent'));
    await until(
      'noticed',
      () => removals().length === 2,
      () => clock.advance(100),
    );
    assert.deepEqual(removals(), ['a absent', 'b absent']);
  });

  it('costs nothing when the push came', async () => {
    const [{ nacos }, clock] = [await servedConfig(), new FakeClock()];
    const { client, connected } = clientFor([nacos], { clock });
    await connected();
    client.config.watch(key, () => {});
    await listening(nacos);
    await client.config.publish(key, 'x', plain);
    await until(
      'told again',
      () => listens(nacos) === 2,
      () => clock.advance(10),
    );
    await clock.advance(5_000);
    assert.equal(listens(nacos), 2);
  });
});

describe('overdue writes', () => {
  /** Time passes with every look at it, as it does on a busy machine. */
  class PassingClock extends FakeClock {
    readonly asked: number[] = [];
    #passedMs = 0;

    override monotonic(): number {
      this.#passedMs += 3;
      return super.monotonic() + this.#passedMs;
    }

    override after(delayMs: number, callback: () => void): Timer {
      this.asked.push(delayMs);
      return super.after(delayMs, callback);
    }
  }

  it('come due in their order, by timers of which none lies in the past', async () => {
    const clock = new PassingClock();
    const due: unknown[] = [];
    const overdue = new OverdueWrites({ clock, limitMs: 50, onOverdue: (watched) => due.push(watched) });
    const writes = [1, 2, 3, 4, 5, 6].map((id) => ({ id }) as unknown as WatchedConfig);
    for (const write of writes) {
      overdue.add(write);
      await clock.advance(1);
    }
    overdue.delete(writes[2]!);
    await clock.advance(100);
    assert.deepEqual(due, [...writes.slice(0, 2), ...writes.slice(3)]);
    assert.ok(clock.asked.length > 1 && clock.asked.every((delayMs) => delayMs > 0), clock.asked.join());
  });
});
