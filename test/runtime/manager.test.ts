import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import { BridgeError } from '../../operator/errors.ts';
import type { Controller } from '../../operator/runtime/controller.ts';
import type { LeaseLock } from '../../operator/runtime/lease.ts';
import { Manager } from '../../operator/runtime/manager.ts';
import { createRuntimeMetrics } from '../../operator/runtime/metrics.ts';
import type { Runnable } from '../../operator/runtime/runnable.ts';
import { FakeClock, settle } from '../fake-clock.ts';
import { LogRecorder } from './log-recorder.ts';
import { LeaseStore } from './replica.ts';

function setUp() {
  const clock = new FakeClock();
  const log = new LogRecorder();
  const events: string[] = [];
  /** A part that notes when it starts and stops. */
  const part = (name: string, overrides: Partial<Runnable> = {}): Runnable => ({
    name,
    async start(signal) {
      events.push(`+${name}`);
      await overrides.start?.(signal);
    },
    async stop(hurry) {
      events.push(`-${name}${hurry.aborted ? ' in a hurry' : ''}`);
      await overrides.stop?.(hurry);
    },
  });
  return { clock, log, events, part, stopping: new AbortController() };
}

function election(clock: FakeClock, log: LogRecorder, events: string[] = []) {
  const store = new LeaseStore();
  let isReachable = true;
  const ask = async <T>(request: () => T): Promise<T> => {
    if (!isReachable) throw new BridgeError('KUBE_UNAVAILABLE', 'connection refused');
    return request();
  };
  const lock: LeaseLock = {
    get: () => ask(() => store.record),
    create: (record) => ask(() => store.create(record)),
    update: (record) =>
      ask(() => {
        if (record.holderIdentity === '') events.push('lease released');
        return store.update(record);
      }),
    describe: () => 'default/test',
  };
  const metrics = createRuntimeMetrics(new Registry());
  return {
    store,
    cutOff: () => (isReachable = false),
    heal: () => (isReachable = true),
    options: { lock, identity: 'we', name: 'test', clock, log, metrics, random: () => 0 },
  };
}

describe('manager', () => {
  it('starts servers, caches, what every replica does, the election and the leader-only parts, and stops in reverse', async () => {
    const { clock, log, events, part, stopping } = setUp();
    const manager = new Manager({ log, clock, leaderElection: election(clock, log, events).options })
      .lead(() => [part('controller-1'), part('controller-2')])
      .add('every-replica', part('publisher'))
      .add('caches', part('cache-1'), part('cache-2'))
      .add('servers', part('server'));
    assert.equal(manager.isLeader(), false);
    const run = manager.run(stopping.signal);
    await settle();
    assert.equal(manager.isLeader(), true);
    stopping.abort();
    await run;
    assert.deepEqual(events, [
      '+server',
      '+cache-1',
      '+cache-2',
      '+publisher',
      '+controller-1',
      '+controller-2',
      '-controller-2',
      '-controller-1',
      'lease released',
      '-publisher',
      '-cache-2',
      '-cache-1',
      '-server',
    ]);
    assert.deepEqual(clock.waitingMs, [], 'no timer is left');
  });

  it('leads at once without an election', async () => {
    const { clock, log, events, part, stopping } = setUp();
    const manager = new Manager({ log, clock }).lead(() => [part('controller')]);
    const run = manager.run(stopping.signal);
    await settle();
    assert.equal(manager.isLeader(), true);
    assert.deepEqual(events, ['+controller']);
    stopping.abort();
    await run;
  });

  it('waits for caches as long as it takes and names every 10 s what is not synced', async () => {
    const { clock, log, events, part, stopping } = setUp();
    const { promise: synced, resolve: sync } = Promise.withResolvers<void>();
    const manager = new Manager({ log, clock })
      .add('caches', part('quick'), part('slow', { start: () => synced }))
      .lead(() => [part('controller')]);
    assert.deepEqual(manager.notSynced, ['quick', 'slow']);
    const run = manager.run(stopping.signal);
    await clock.advance(30_000);
    assert.deepEqual(manager.notSynced, ['slow']);
    const progress = log.lines.filter(({ message }) => message === 'waiting for caches');
    assert.deepEqual(
      progress.map(({ fields }) => fields),
      [10, 20, 30].map((waitedSeconds) => ({ notSynced: ['slow'], waitedSeconds })),
    );
    await clock.advance(24 * 3_600_000);
    assert.ok(!events.includes('+controller'));
    sync();
    await settle();
    assert.ok(events.includes('+controller'));
    assert.deepEqual(manager.notSynced, []);
    stopping.abort();
    await run;
  });

  it('knows the controllers of what is started', async () => {
    const { clock, log, part, stopping } = setUp();
    const controlled = (name: string): Runnable => ({ ...part(name), controllers: [{ name } as Controller] });
    const { options, cutOff } = election(clock, log);
    const manager = new Manager({ log, clock, leaderElection: options })
      .add('every-replica', part('plain'), controlled('publisher'))
      .lead(() => [controlled('reporter')]);
    const names = () => manager.controllers.map(({ name }) => name);
    assert.deepEqual(names(), []);
    const run = manager.run(stopping.signal);
    await settle();
    assert.deepEqual(names(), ['publisher', 'reporter']);
    cutOff();
    await clock.advance(60_000);
    assert.deepEqual(names(), ['publisher']);
    stopping.abort();
    await run;
  });

  it('keeps a standby waiting with synced caches', async () => {
    const { clock, log, events, part, stopping } = setUp();
    const { store, options } = election(clock, log);
    store.create({
      holderIdentity: 'other',
      leaseDurationSeconds: 15,
      acquireTime: '',
      renewTime: '',
      leaseTransitions: 0,
    });
    const manager = new Manager({ log, clock, leaderElection: options })
      .add('caches', part('cache'))
      .lead(() => [part('controller')]);
    const run = manager.run(stopping.signal);
    await clock.advance(10_000);
    assert.deepEqual([events, manager.notSynced, manager.isLeader()], [['+cache'], [], false]);
    await clock.advance(10_000);
    assert.deepEqual([events, manager.isLeader()], [['+cache', '+controller'], true]);
    stopping.abort();
    await run;
  });

  it('stops what it has started when it is told to while caches sync', async () => {
    const { clock, log, events, part, stopping } = setUp();
    const manager = new Manager({ log, clock })
      .add('servers', part('server'))
      .add('caches', part('cache', { start: () => new Promise(() => {}) }))
      .lead(() => [part('controller')]);
    const run = manager.run(stopping.signal);
    await settle();
    stopping.abort();
    await run;
    assert.deepEqual(events, ['+server', '+cache', '-cache', '-server']);
    assert.deepEqual(clock.waitingMs, []);
  });

  it('starts nothing when it is told to stop before', async () => {
    const { clock, log, events, part } = setUp();
    await new Manager({ log, clock }).add('servers', part('server')).run(AbortSignal.abort());
    assert.deepEqual(events, []);
  });

  it('stops what it has started and rejects when a start fails', async () => {
    const { clock, log, events, part, stopping } = setUp();
    const failing = part('taken', { start: () => Promise.reject(new Error('port 8080 is in use')) });
    const manager = new Manager({ log, clock }).add('servers', part('server'), failing).add('caches', part('cache'));
    await assert.rejects(manager.run(stopping.signal), /port 8080 is in use/);
    assert.deepEqual(events, ['+server', '+taken', '-taken', '-server']);
  });

  it('waits no longer for parts to stop after a failed start when it is told to end', async () => {
    const { clock, log, events, part, stopping } = setUp();
    const manager = new Manager({ log, clock })
      .add('servers', part('stuck', { stop: () => new Promise(() => {}) }))
      .add('every-replica', part('broken', { start: () => Promise.reject(new Error('no handles left')) }));
    const run = manager.run(stopping.signal);
    await settle();
    assert.deepEqual(events, ['+stuck', '+broken', '-broken', '-stuck']);
    stopping.abort();
    await assert.rejects(run, /no handles left/);
  });

  it('hurries parts that do not stop in time, goes on, and says which', async () => {
    const { clock, log, events, part, stopping } = setUp();
    let wasHurried = false;
    const stuck = part('stuck', {
      stop: (hurry) => new Promise(() => hurry.addEventListener('abort', () => (wasHurried = true))),
    });
    const manager = new Manager({ log, clock, gracefulShutdownMs: 5000 })
      .add('servers', part('server'))
      .lead(() => [stuck]);
    const run = manager.run(stopping.signal);
    await settle();
    stopping.abort();
    const rejection = assert.rejects(run, /not stopped within 5000 ms: stuck/);
    await clock.advance(4999);
    assert.equal(wasHurried, false);
    await clock.advance(1);
    await rejection;
    assert.equal(wasHurried, true);
    assert.deepEqual(events.slice(2), ['-stuck', '-server in a hurry']);
  });

  it('does not release the lease over work that has not ended', async () => {
    const { clock, log, events, part, stopping } = setUp();
    const manager = new Manager({ log, clock, leaderElection: election(clock, log, events).options }).lead(() => [
      part('stuck', { stop: () => new Promise(() => {}) }),
    ]);
    const run = manager.run(stopping.signal);
    await settle();
    stopping.abort();
    const rejection = assert.rejects(run, /stuck/);
    await clock.advance(30_000);
    await rejection;
    assert.ok(!events.includes('lease released'));
  });

  it('goes on stopping when a part fails to', async () => {
    const { clock, log, events, part, stopping } = setUp();
    const manager = new Manager({ log, clock }).add(
      'servers',
      part('first'),
      part('second', { stop: () => Promise.reject(new Error('no')) }),
    );
    const run = manager.run(stopping.signal);
    await settle();
    stopping.abort();
    await run;
    assert.deepEqual(events, ['+first', '+second', '-second', '-first']);
    assert.equal(log.lines.find(({ level }) => level === 'error')?.fields['part'], 'second');
  });

  it('ends the work of the leader in a hurry when leadership is lost, keeps the rest, and stands again', async () => {
    const { clock, log, events, part, stopping } = setUp();
    const { options, cutOff, heal } = election(clock, log, events);
    let terms = 0;
    const manager = new Manager({ log, clock, leaderElection: options })
      .add('every-replica', part('publisher'))
      .lead(() => [part(`controller of term ${(terms += 1)}`)]);
    const run = manager.run(stopping.signal);
    await settle();
    cutOff();
    await clock.advance(60_000);
    assert.deepEqual(events, ['+publisher', '+controller of term 1', '-controller of term 1 in a hurry']);
    assert.equal(manager.isLeader(), false);
    heal();
    await clock.advance(20_000);
    assert.equal(events.at(-1), '+controller of term 2');
    assert.equal(manager.isLeader(), true);
    stopping.abort();
    await run;
    assert.deepEqual(events.slice(4), ['-controller of term 2', 'lease released', '-publisher']);
    assert.deepEqual(clock.waitingMs, []);
  });

  it('ends the process when the work of a lost leadership does not end', async () => {
    const { clock, log, events, part, stopping } = setUp();
    const { options, cutOff } = election(clock, log, events);
    const manager = new Manager({ log, clock, leaderElection: options })
      .add('every-replica', part('publisher'))
      .lead(() => [part('controller', { stop: () => new Promise(() => {}) })]);
    const run = manager.run(stopping.signal);
    await settle();
    cutOff();
    const rejection = assert.rejects(run, /not stopped within 30000 ms: controller/);
    await clock.advance(60_000);
    await rejection;
    assert.equal(events.at(-1), '-publisher in a hurry');
  });

  it('hurries a graceful stop during which leadership is lost', async () => {
    const { clock, log, events, part, stopping } = setUp();
    const { options, cutOff } = election(clock, log, events);
    const manager = new Manager({ log, clock, leaderElection: options })
      .add('servers', part('server'))
      .lead(() => [part('slow', { stop: () => new Promise(() => {}) })]);
    const run = manager.run(stopping.signal);
    await settle();
    cutOff();
    stopping.abort();
    const rejection = assert.rejects(run, /leadership was lost/);
    await clock.advance(10_000);
    await rejection;
    assert.deepEqual(events.slice(2), ['-slow', '-server in a hurry']);
  });
});
