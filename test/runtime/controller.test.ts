import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import { BridgeError, isBridgeError } from '../../operator/errors.ts';
import { Controller, type ControllerOptions, type Reconcile } from '../../operator/runtime/controller.ts';
import { createRuntimeMetrics } from '../../operator/runtime/metrics.ts';
import { RateLimiter } from '../../operator/runtime/rate-limiter.ts';
import { FakeClock, settle } from '../fake-clock.ts';
import { LogRecorder } from './log-recorder.ts';

function setUp(reconcile: Reconcile, options: Partial<ControllerOptions> = {}) {
  const clock = new FakeClock();
  const registry = new Registry();
  const log = new LogRecorder();
  const controller = new Controller({
    name: 'test',
    reconcile,
    concurrency: 2,
    log,
    clock,
    metrics: createRuntimeMetrics(registry),
    rateLimiter: new RateLimiter({ clock, random: () => 0 }),
    ...options,
  });
  return { controller, clock, registry, lines: log.lines };
}

/** The value of one series, whatever its other labels. */
async function series(registry: Registry, name: string, labels: Record<string, string> = {}): Promise<number> {
  const metric = await registry.getSingleMetric(name)!.get();
  const found = metric.values.find(({ labels: own }) =>
    Object.entries(labels).every(([label, value]) => own[label] === value),
  );
  assert.ok(found, `${name} has no series ${JSON.stringify(labels)}`);
  return found.value;
}

const fail = (error: unknown) => () => Promise.reject(error);

const outcomes = [
  {
    title: 'success is forgotten and not looked at again',
    reconcile: () => Promise.resolve(),
    result: 'success',
    dueMs: [],
    retries: 0,
    errors: 0,
    terminal: 0,
    panics: 0,
    level: undefined,
  },
  {
    title: 'a requested look comes after its time, and counts as no failure',
    reconcile: () => Promise.resolve({ requeueAfterMs: 1234 }),
    result: 'requeue_after',
    dueMs: [1234],
    retries: 0,
    errors: 0,
    terminal: 0,
    panics: 0,
    level: undefined,
  },
  {
    title: 'an error that only a change can mend is reported and not retried',
    reconcile: fail(new BridgeError('INVALID_SPEC', 'spec.dataId must not be empty')),
    result: 'error',
    dueMs: [],
    retries: 0,
    errors: 1,
    terminal: 1,
    panics: 0,
    level: 'warn',
  },
  {
    title: 'an error that is expected to pass is retried with the delay of the rate limiter',
    reconcile: fail(new BridgeError('NACOS_UNREACHABLE', 'no server answers')),
    result: 'error',
    dueMs: [500],
    retries: 1,
    errors: 1,
    terminal: 0,
    panics: 0,
    level: 'warn',
  },
  {
    title: 'an error that names its time is retried then',
    reconcile: fail(new BridgeError('KUBE_UNAVAILABLE', 'too many requests', { retryAfterMs: 7000 })),
    result: 'error',
    dueMs: [7000],
    retries: 1,
    errors: 1,
    terminal: 0,
    panics: 0,
    level: 'warn',
  },
  {
    title: 'an exception nobody expected is logged with its stack and retried',
    reconcile: fail(new TypeError('x is undefined')),
    result: 'error',
    dueMs: [500],
    retries: 1,
    errors: 1,
    terminal: 0,
    panics: 1,
    level: 'error',
  },
  {
    title: 'a thrown value that is no Error is an exception nobody expected',
    reconcile: fail('just a string'),
    result: 'error',
    dueMs: [500],
    retries: 1,
    errors: 1,
    terminal: 0,
    panics: 1,
    level: 'error',
  },
  {
    title: 'an exception before the first await is caught as well',
    reconcile: () => {
      throw new RangeError('at once');
    },
    result: 'error',
    dueMs: [500],
    retries: 1,
    errors: 1,
    terminal: 0,
    panics: 1,
    level: 'error',
  },
] as const;

describe('controller outcomes', () => {
  for (const { title, reconcile, result, dueMs, retries, errors, terminal, panics, level } of outcomes) {
    it(title, async () => {
      const { controller, clock, registry, lines } = setUp(reconcile);
      controller.start();
      controller.enqueue('ns/a');
      await settle();

      assert.deepEqual(clock.waitingMs, dueMs);
      assert.equal(controller.queue.retries('ns/a'), retries);
      assert.equal(await series(registry, 'controller_runtime_reconcile_total', { result }), 1);
      assert.equal(await series(registry, 'controller_runtime_reconcile_errors_total'), errors);
      assert.equal(await series(registry, 'controller_runtime_terminal_reconcile_errors_total'), terminal);
      assert.equal(await series(registry, 'controller_runtime_reconcile_panics_total'), panics);
      assert.deepEqual(
        lines.map((line) => line.level),
        level === undefined ? [] : [level],
      );
      if (level !== undefined) assert.equal(lines[0]!.fields['object'], 'ns/a');
      if (panics > 0 && !title.includes('no Error')) assert.match(String(lines[0]!.fields['stack']), /Error: /);
      await controller.stop();
    });
  }

  it('forgets the failures of a key that has succeeded', async () => {
    let runs = 0;
    const { controller, clock } = setUp(() => {
      runs += 1;
      return runs < 3 ? Promise.reject(new BridgeError('NACOS_FAILED', 'again')) : Promise.resolve();
    });
    controller.start();
    controller.enqueue('a');
    await clock.advance(500);
    assert.equal(controller.queue.retries('a'), 2);
    await clock.advance(1000);
    assert.equal(runs, 3);
    assert.equal(controller.queue.retries('a'), 0);
    await controller.stop();
  });
});

describe('controller', () => {
  it('runs as many keys at once as allowed and never one key twice', async () => {
    const running = new Map<string, () => void>();
    const seen: string[] = [];
    const { controller } = setUp(async (key) => {
      assert.ok(!running.has(key));
      seen.push(key);
      await new Promise<void>((resolve) => running.set(key, resolve));
      running.delete(key);
    });
    controller.start();
    for (const key of ['a', 'b', 'c', 'a']) controller.enqueue(key);
    await settle();
    assert.deepEqual([...running.keys()], ['a', 'b']);
    controller.enqueue('a');
    running.get('b')!();
    await settle();
    assert.deepEqual([...running.keys()], ['a', 'c']);
    running.get('a')!();
    await settle();
    assert.deepEqual(seen, ['a', 'b', 'c', 'a']);
    for (const end of running.values()) end();
    await controller.stop();
  });

  it('runs as many keys of each lane at once as allowed, however many of another one do not end', async () => {
    const running: string[] = [];
    const slow = Promise.withResolvers<void>();
    const { controller } = setUp(
      async (key) => {
        running.push(key);
        if (key.startsWith('slow')) await slow.promise;
      },
      { lane: (key) => key.slice(0, 4) },
    );
    for (let index = 0; index < 10; index += 1) controller.enqueue(`slow-${index}`);
    controller.start();
    await settle();
    controller.enqueue('fast-1');
    controller.enqueue('fast-2');
    controller.enqueue('fast-3');
    await settle();
    assert.deepEqual(running, ['slow-0', 'slow-1', 'fast-1', 'fast-2', 'fast-3']);
    slow.resolve();
    await settle();
    assert.equal(running.length, 13);
    await controller.stop();
  });

  it('has one worker that waits after however many runs at once', async () => {
    const { controller } = setUp(async () => settle(), { lane: (key) => key.slice(-1), concurrency: 3 });
    for (let index = 0; index < 100; index += 1) controller.enqueue(`key-${index}`);
    controller.start();
    while (controller.queue.outstanding > 0) await settle();
    await settle();
    assert.equal(controller.queue.idleWorkers, 1);
    await controller.stop();
  });

  it('takes up at once what has failed for a reason that has passed, and nothing else', async () => {
    const runs: string[] = [];
    const { controller } = setUp(async (key) => {
      runs.push(key);
      if (runs.length > 2) return;
      throw new BridgeError(key === 'kube' ? 'KUBE_UNAVAILABLE' : 'NACOS_UNREACHABLE', key);
    });
    controller.enqueue('kube');
    controller.enqueue('nacos');
    controller.start();
    await settle();
    controller.retryFailing((error) => isBridgeError(error, 'KUBE_UNAVAILABLE'));
    await settle();
    assert.deepEqual(runs, ['kube', 'nacos', 'kube']);
    controller.retryFailing(() => true);
    await settle();
    assert.deepEqual(runs, ['kube', 'nacos', 'kube', 'nacos'], 'what has succeeded is not taken up');
    await controller.stop();
  });

  it('gives every run an id of its own, in its context and its log lines', async () => {
    const ids: string[] = [];
    const { controller, lines } = setUp(async (_key, { reconcileId, log }) => {
      ids.push(reconcileId);
      log.info('hello');
    });
    controller.start();
    controller.enqueue('a');
    controller.enqueue('b');
    await settle();
    assert.notEqual(ids[0], ids[1]);
    assert.deepEqual(
      lines.map(({ fields }) => fields),
      ['a', 'b'].map((object, index) => ({ controller: 'test', object, reconcileId: ids[index] })),
    );
    await controller.stop();
  });

  it('aborts a run at its time limit, counts it, and retries', async () => {
    const { controller, clock, registry } = setUp(
      (_key, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
      { reconcileTimeoutMs: 5000 },
    );
    controller.start();
    controller.enqueue('a');
    await clock.advance(4999);
    assert.equal(await series(registry, 'controller_runtime_reconcile_timeouts_total'), 0);
    await clock.advance(1);
    assert.equal(await series(registry, 'controller_runtime_reconcile_timeouts_total'), 1);
    assert.deepEqual(clock.waitingMs, [500]);
    await controller.stop();
  });

  it('is unhealthy only when a run goes on far beyond its time limit', async () => {
    let end = () => {};
    const { controller, clock } = setUp(() => new Promise((resolve) => (end = resolve)), {
      reconcileTimeoutMs: 5000,
      stuckAfterMs: 10_000,
    });
    controller.start();
    await clock.advance(1e9);
    assert.equal(controller.isHealthy(), true, 'nothing runs');
    controller.enqueue('a');
    await clock.advance(14_999);
    assert.equal(controller.isHealthy(), true);
    await clock.advance(1);
    assert.equal(controller.isHealthy(), false);
    assert.equal(controller.longestRunningMs, 15_000);
    end();
    await settle();
    assert.equal(controller.isHealthy(), true);
    await controller.stop();
  });

  it('stops when the runs under way have ended, and starts no other', async () => {
    const seen: string[] = [];
    let end = () => {};
    const { controller, clock } = setUp(
      (key) => {
        seen.push(key);
        return new Promise((resolve) => (end = resolve));
      },
      { concurrency: 1 },
    );
    controller.start();
    for (const key of ['a', 'b']) controller.enqueue(key);
    await settle();
    let isStopped = false;
    const stopped = controller.stop().then(() => (isStopped = true));
    await clock.advance(60_000);
    assert.equal(isStopped, false);
    end();
    await stopped;
    assert.deepEqual(seen, ['a']);
  });

  it('aborts the runs under way when a stop is in a hurry', async () => {
    const { controller, lines } = setUp(
      (_key, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    );
    controller.start();
    controller.enqueue('a');
    await settle();
    const hurry = new AbortController();
    const stopped = controller.stop(hurry.signal);
    await settle();
    hurry.abort();
    await stopped;
    assert.deepEqual(
      lines.map(({ level }) => level),
      ['info'],
    );
  });

  it('does not start a run with a key that was handed out as the stop began', async () => {
    let runs = 0;
    const { controller } = setUp(async () => void (runs += 1));
    controller.start();
    controller.enqueue('a');
    await controller.stop();
    assert.equal(runs, 0);
  });

  it('can be stopped before it was started', async () => {
    await setUp(() => Promise.resolve()).controller.stop();
  });

  it('leaves no metric without its zero', async () => {
    const { registry } = setUp(() => Promise.resolve());
    for (const result of ['success', 'error', 'requeue', 'requeue_after']) {
      assert.equal(await series(registry, 'controller_runtime_reconcile_total', { result }), 0);
    }
    const text = await registry.metrics();
    for (const line of [
      'controller_runtime_reconcile_errors_total{controller="test"} 0',
      'controller_runtime_terminal_reconcile_errors_total{controller="test"} 0',
      'controller_runtime_reconcile_panics_total{controller="test"} 0',
      'controller_runtime_reconcile_timeouts_total{controller="test"} 0',
      'controller_runtime_reconcile_time_seconds_count{controller="test"} 0',
      'controller_runtime_max_concurrent_reconciles{controller="test"} 2',
      'controller_runtime_active_workers{controller="test"} 0',
      'workqueue_depth{name="test",controller="test"} 0',
      'workqueue_adds_total{name="test",controller="test"} 0',
      'workqueue_retries_total{name="test",controller="test"} 0',
      'workqueue_queue_duration_seconds_count{name="test",controller="test"} 0',
      'workqueue_work_duration_seconds_count{name="test",controller="test"} 0',
      'workqueue_unfinished_work_seconds{name="test",controller="test"} 0',
      'workqueue_longest_running_processor_seconds{name="test",controller="test"} 0',
    ]) {
      assert.ok(text.includes(`${line}\n`), `missing: ${line}`);
    }
  });

  it('shows depth, age and counts of its queue', async () => {
    const { controller, clock, registry } = setUp(() => new Promise(() => {}), { concurrency: 1 });
    controller.start();
    for (const key of ['a', 'b', 'c', 'b']) controller.enqueue(key);
    await clock.advance(3000);
    assert.equal(await series(registry, 'workqueue_depth'), 2);
    assert.equal(await series(registry, 'workqueue_adds_total'), 3);
    assert.equal(await series(registry, 'workqueue_unfinished_work_seconds'), 3);
    assert.equal(await series(registry, 'workqueue_longest_running_processor_seconds'), 3);
    assert.equal(await series(registry, 'controller_runtime_active_workers'), 1);
  });
});
