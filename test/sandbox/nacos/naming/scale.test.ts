/**
 * Bursts must not keep the process from anything else: how much of one turn of the event loop the naming part takes while
 * large services and many services change. Processor time is measured, not time, so that a busy machine does not matter.
 */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../../../operator/clock.ts';
import { silentLogger } from '../../../../operator/logger.ts';
import { createNaming } from '../../../../sandbox/nacos/naming/naming.ts';
import { Client, instance } from './naming-world.ts';

const maxTurnMs = 100;

describe('the naming part of the embedded Nacos at scale', () => {
  const naming = createNaming({ clock: systemClock, log: silentLogger, generation: '3.1', pushDelayMs: 20 });
  const publisher = new Client(naming, 'naming');
  const subscriber = new Client(naming, 'naming');
  const services = 5_000;

  after(() => naming.stop());

  /** Of the event loop while `work` is done, in milliseconds of this thread. */
  async function longestTurn(work: () => Promise<void>): Promise<number> {
    let longestMicroseconds = 0;
    let last = process.threadCpuUsage();
    let isOver = false;
    const turn = (): void => {
      const { system, user } = process.threadCpuUsage(last);
      longestMicroseconds = Math.max(longestMicroseconds, system + user);
      last = process.threadCpuUsage();
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    await work();
    isOver = true;
    return longestMicroseconds / 1_000;
  }

  async function awaitPushes(count: number): Promise<void> {
    while (subscriber.pushes.length < count) await pause(10);
    assert.equal(subscriber.pushes.length, count);
    subscriber.pushes.length = 0;
  }

  function instances(length: number, weight = 1): ReturnType<typeof instance>[] {
    const metadata = { 'k8s.zone': 'a', app: 'x' };
    return Array.from({ length }, (_, index) => instance(`10.0.${index >> 8}.${index & 255}`, { weight, metadata }));
  }

  it('pushes the end of a client with 50,000 instances in 5,000 services', async () => {
    for (let index = 0; index < services; index += 1) {
      const serviceName = `service-${index}`;
      await subscriber.subscribe({ serviceName });
      await publisher.batch(instances(10), { serviceName });
      if (index % 100 === 0) await pause(1);
    }
    assert.equal(naming.counts.instances, 50_000);
    while (subscriber.pushes.length < services) await pause(10);
    await pause(100);
    subscriber.pushes.length = 0;
    const turnMs = await longestTurn(async () => {
      publisher.close();
      await awaitPushes(services);
    });
    assert.ok(turnMs < maxTurnMs, `${turnMs} ms`);
  });

  it('pushes a service of 10,000 instances of two publishers', async () => {
    await subscriber.subscribe({ serviceName: 'large' });
    const all = instances(10_000);
    const turnMs = await longestTurn(async () => {
      await publisher.batch(all, { serviceName: 'large' });
      await pause(0);
      await subscriber.batch(all, { serviceName: 'large' });
      await awaitPushes(1);
    });
    assert.ok(turnMs < maxTurnMs, `${turnMs} ms`);
  });
});
