import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { Registry } from 'prom-client';
import { createRuntimeMetrics } from '../../operator/runtime/metrics.ts';
import { RateLimiter } from '../../operator/runtime/rate-limiter.ts';
import { type Priority, WorkQueue } from '../../operator/runtime/work-queue.ts';
import { FakeClock, settle } from '../fake-clock.ts';

function setUp() {
  const clock = new FakeClock();
  const metrics = createRuntimeMetrics(new Registry());
  const rateLimiter = new RateLimiter({ clock, random: () => 0 });
  return { clock, queue: new WorkQueue({ name: 'test', clock, metrics, rateLimiter }) };
}

/** Takes everything that waits now. */
async function takeAll(queue: WorkQueue): Promise<string[]> {
  const taken: string[] = [];
  while (queue.size > 0) taken.push((await queue.get())!);
  return taken;
}

describe('work queue', () => {
  it('hands a key out once, however often it was added', async () => {
    const { queue } = setUp();
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
    assert.deepEqual(await takeAll(queue), ['a', 'b']);
  });

  it('holds a key that is added while it is processed until it is done', async () => {
    const { queue } = setUp();
    queue.add('a');
    await queue.get();
    queue.add('a');
    queue.add('a');
    assert.equal(queue.size, 0);
    queue.done('a');
    assert.deepEqual(await takeAll(queue), ['a']);
    queue.done('a');
    assert.equal(queue.size, 0);
  });

  it('takes up failed keys at once when their cause has passed, and counts from the start again', async () => {
    const { queue, clock } = setUp();
    for (const key of ['a', 'b', 'c']) queue.addRateLimited(key);
    for (let failures = 0; failures < 5; failures += 1) queue.addRateLimited('a');
    queue.forget('c');
    queue.retryFailing((key) => key !== 'b');
    assert.deepEqual(await takeAll(queue), ['a']);
    assert.equal(queue.retries('a'), 0);
    assert.equal(queue.retries('b'), 1);
    queue.done('a');
    await clock.advance(500);
    assert.deepEqual(await takeAll(queue), ['a', 'b', 'c'], 'delayed additions stay');
  });

  it('counts as outstanding what no run has dealt with: keys that wait, are processed, or are held meanwhile', async () => {
    const { queue } = setUp();
    for (const key of ['a', 'b']) queue.add(key);
    await queue.get();
    queue.add('a');
    assert.equal(queue.outstanding, 3);
    queue.done('a');
    assert.equal(queue.outstanding, 2);
    for (const key of await takeAll(queue)) queue.done(key);
    assert.equal(queue.outstanding, 0);
  });

  it('gives a key to the worker that has waited longest', async () => {
    const { queue } = setUp();
    const first = queue.get();
    const second = queue.get();
    queue.add('a');
    queue.add('b');
    assert.deepEqual(await Promise.all([first, second]), ['a', 'b']);
  });

  it('keeps the earliest due time of a delayed key', async () => {
    for (const delays of [
      [100, 50],
      [50, 100],
      [70, 50, 100],
    ]) {
      const { queue, clock } = setUp();
      for (const delay of delays) queue.addAfter('a', delay);
      await clock.advance(49);
      assert.equal(queue.size, 0);
      await clock.advance(1);
      assert.deepEqual(await takeAll(queue), ['a']);
      queue.done('a');
      await clock.advance(1000);
      assert.equal(queue.size, 0, 'the later due times are gone');
    }
  });

  it('keeps the highest priority of a delayed key, whichever due time it keeps', async () => {
    const requests: [delayMs: number, priority: Priority][][] = [
      [
        [50, 'high'],
        [10, 'low'],
      ],
      [
        [10, 'low'],
        [50, 'high'],
      ],
    ];
    for (const [first, second] of requests) {
      const { queue, clock } = setUp();
      queue.addAfter('a', ...first!);
      queue.addAfter('a', ...second!);
      queue.add('b', 'low');
      await clock.advance(10);
      assert.deepEqual(await takeAll(queue), ['a', 'b']);
    }
  });

  it('keeps the due time that was said last, whether the key is handed out meanwhile or not', async () => {
    for (const delays of [
      [10, 50],
      [90, 50],
    ]) {
      const { queue, clock } = setUp();
      for (const delayMs of delays) queue.dueAfter('a', delayMs);
      queue.add('a');
      assert.deepEqual(await takeAll(queue), ['a']);
      queue.done('a');
      await clock.advance(49);
      assert.equal(queue.size, 0);
      await clock.advance(1);
      assert.deepEqual(await takeAll(queue), ['a']);
      assert.deepEqual(clock.waitingMs, []);
    }
  });

  it('takes what is due with low priority, at once if that is now, and not while the key is being processed', async () => {
    const { queue } = setUp();
    queue.dueAfter('due', 0);
    queue.add('live');
    assert.deepEqual(await takeAll(queue), ['live', 'due']);
    queue.dueAfter('due', 0);
    assert.equal(queue.size, 0);
    queue.done('due');
    assert.deepEqual(await takeAll(queue), ['due']);
  });

  it('takes high priority first and never starves low priority', async () => {
    const { queue } = setUp();
    queue.add('low', 'low');
    queue.add('live');
    assert.equal(await queue.get(), 'live');
    for (let turn = 0; turn < 16; turn++) {
      queue.add(`high-${turn}`);
      if ((await queue.get()) === 'low') return;
    }
    assert.fail('low priority starved');
  });

  it('raises a waiting key to high priority and never lowers it', async () => {
    const { queue } = setUp();
    for (const key of ['a', 'b', 'c']) queue.add(key, 'low');
    queue.add('c');
    queue.add('c', 'low');
    assert.deepEqual(await takeAll(queue), ['c', 'a', 'b']);
  });

  it('retries a key with the priority that it was taken with', async () => {
    const { queue, clock } = setUp();
    queue.add('first-list', 'low');
    await queue.get();
    queue.addRateLimited('first-list');
    queue.done('first-list');
    await clock.advance(500);
    queue.add('live');
    assert.deepEqual(await takeAll(queue), ['live', 'first-list']);
  });

  it('counts retries and waits longer for each until the key is forgotten', async () => {
    const { queue, clock } = setUp();
    const delays = [500, 1000, 2000, 4000];
    for (const delay of delays) {
      queue.addRateLimited('a');
      assert.deepEqual(clock.waitingMs, [delay]);
      await clock.advance(delay);
      queue.done((await queue.get())!);
    }
    assert.equal(queue.retries('a'), 4);
    queue.forget('a');
    queue.addRateLimited('a');
    assert.deepEqual(clock.waitingMs, [500]);
  });

  it('waits with one timer for however many delayed keys', async () => {
    const { queue, clock } = setUp();
    for (const delay of [30, 10, 20]) queue.addAfter(`after ${delay}`, delay);
    assert.deepEqual(clock.waitingMs, [10]);
    await clock.advance(10);
    assert.deepEqual(clock.waitingMs, [10]);
    await clock.advance(20);
    assert.deepEqual(await takeAll(queue), ['after 10', 'after 20', 'after 30']);
    assert.deepEqual(clock.waitingMs, []);
  });

  it('does not turn a very long delay into none', async () => {
    const { queue, clock } = setUp();
    queue.addAfter('a', 1e12);
    assert.ok(clock.waitingMs[0]! < 2 ** 31, 'a longer timer fires at once');
  });

  it('asks for no timer that lies in the past, also when time passes while it works', async () => {
    const { clock, queue } = setUp();
    const asked: number[] = [];
    const [after, monotonic] = [clock.after.bind(clock), clock.monotonic.bind(clock)];
    let passedMs = 0;
    clock.monotonic = () => monotonic() + (passedMs += 3);
    clock.after = (delayMs, callback) => {
      asked.push(delayMs);
      return after(delayMs, callback);
    };
    for (const delay of [1, 2, 10]) queue.addAfter(`after ${delay}`, delay);
    await clock.advance(20);
    assert.deepEqual(await takeAll(queue), ['after 1', 'after 2', 'after 10']);
    assert.ok(asked.length > 0 && asked.every((delayMs) => delayMs >= 0), asked.join());
  });

  it('resolves a get with undefined when its signal is aborted, and loses no key by it', async () => {
    const { queue } = setUp();
    const controller = new AbortController();
    const waiting = queue.get(controller.signal);
    controller.abort();
    assert.equal(await waiting, undefined);
    queue.add('a');
    assert.equal(await queue.get(controller.signal), undefined);
    assert.deepEqual(await takeAll(queue), ['a']);
  });

  it('after shutDown takes no additions, drops the delayed ones and hands out what waits', async () => {
    const { queue, clock } = setUp();
    queue.add('a');
    queue.addAfter('b', 10);
    queue.dueAfter('b', 10);
    queue.shutDown();
    queue.add('c');
    queue.addAfter('d', 10);
    queue.dueAfter('d', 10);
    queue.addRateLimited('e');
    await clock.advance(10_000);
    assert.deepEqual([await queue.get(), await queue.get()], ['a', undefined]);
    assert.deepEqual(clock.waitingMs, []);
  });

  it('wakes waiting workers at shutDown and is drained when the last key is done', async () => {
    const { queue } = setUp();
    queue.add('a');
    await queue.get();
    const waiting = queue.get();
    let isDrained = false;
    const drained = queue.drained().then(() => (isDrained = true));
    queue.shutDown();
    assert.equal(await waiting, undefined);
    await settle();
    assert.equal(isDrained, false);
    queue.done('a');
    await drained;
  });
});

type Operation =
  | { kind: 'add'; key: string; priority: Priority }
  | { kind: 'addAfter'; key: string; delayMs: number }
  | { kind: 'get' }
  | { kind: 'done'; index: number }
  | { kind: 'advance'; byMs: number };

const keyArbitrary = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const operationArbitrary: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    kind: fc.constant('add' as const),
    key: keyArbitrary,
    priority: fc.constantFrom<Priority>('high', 'low'),
  }),
  fc.record({ kind: fc.constant('addAfter' as const), key: keyArbitrary, delayMs: fc.integer({ min: 0, max: 30 }) }),
  fc.constant({ kind: 'get' as const }),
  fc.record({ kind: fc.constant('done' as const), index: fc.nat(4) }),
  fc.record({ kind: fc.constant('advance' as const), byMs: fc.integer({ min: 1, max: 20 }) }),
);

/** The contract in its plainest form: what must be handed out, and what must not. */
class Model {
  readonly waiting = new Map<string, Priority>();
  readonly processing = new Map<string, Priority>();
  readonly held = new Map<string, Priority>();
  readonly delayed = new Map<string, { dueMs: number; priority: Priority }>();
  #turnsSinceOvertaking = 0;

  add(key: string, priority: Priority): void {
    const target = this.processing.has(key) ? this.held : this.waiting;
    const before = target.get(key);
    if (before === 'low' && priority === 'high') target.delete(key);
    if (before !== 'high') target.set(key, priority);
  }

  addAfter(key: string, delayMs: number, nowMs: number): void {
    const priority = this.processing.get(key) ?? 'high';
    if (delayMs === 0) return this.add(key, priority);
    const before = this.delayed.get(key);
    const dueMs = Math.min(nowMs + delayMs, before?.dueMs ?? Infinity);
    const isHigh = priority === 'high' || before?.priority === 'high';
    // Of keys that are due together, the one that got its due time first comes first.
    if (before && dueMs < before.dueMs) this.delayed.delete(key);
    this.delayed.set(key, { dueMs, priority: isHigh ? 'high' : 'low' });
  }

  passTime(nowMs: number): void {
    const due = [...this.delayed].filter(([, { dueMs }]) => dueMs <= nowMs).sort((a, b) => a[1].dueMs - b[1].dueMs);
    for (const [key, { priority }] of due) {
      this.delayed.delete(key);
      this.add(key, priority);
    }
  }

  taken(key: string): void {
    const priority = this.waiting.get(key);
    assert.ok(priority, `'${key}' was handed out and did not wait`);
    assert.ok(!this.processing.has(key), `'${key}' is processed twice at once`);
    this.#turnsSinceOvertaking += 1;
    this.waiting.delete(key);
    this.processing.set(key, priority);
  }

  /** The next key must be the first of its priority, and of low priority only when high waits not or 15 went before. */
  checkOrder(key: string): void {
    const high = this.#first('high');
    const low = this.#first('low');
    assert.ok(key === high || key === low, `'${key}' has overtaken another key`);
    const hasOvertaken = key === low && high !== undefined;
    if (hasOvertaken) assert.ok(this.#turnsSinceOvertaking >= 15, `'${key}' came before '${high}'`);
    if (hasOvertaken) this.#turnsSinceOvertaking = 0;
  }

  #first(priority: Priority): string | undefined {
    return [...this.waiting].find((entry) => entry[1] === priority)?.[0];
  }

  done(key: string): void {
    this.processing.delete(key);
    const held = this.held.get(key);
    this.held.delete(key);
    if (held) this.add(key, held);
  }
}

describe('work queue against its model', () => {
  it('loses no key, runs none twice at once, keeps due times and order, in any interleaving', async () => {
    const property = fc.asyncProperty(fc.array(operationArbitrary, { maxLength: 80 }), async (operations) => {
      const { queue, clock } = setUp();
      const model = new Model();
      let takers = 0;
      const taken: string[] = [];

      const take = async () => {
        if (queue.size > 0) {
          const key = (await queue.get())!;
          model.checkOrder(key);
          taken.push(key);
          return;
        }
        takers += 1;
        void queue.get().then((key) => {
          takers -= 1;
          if (key !== undefined) taken.push(key);
        });
      };
      const apply = async (operation: Operation) => {
        switch (operation.kind) {
          case 'add':
            queue.add(operation.key, operation.priority);
            return model.add(operation.key, operation.priority);
          case 'addAfter':
            model.addAfter(operation.key, operation.delayMs, clock.monotonic());
            return queue.addAfter(operation.key, operation.delayMs);
          case 'get':
            return take();
          case 'done': {
            const key = [...model.processing.keys()][operation.index % Math.max(1, model.processing.size)] ?? 'none';
            queue.done(key);
            return model.done(key);
          }
          case 'advance':
            await clock.advance(operation.byMs);
            return model.passTime(clock.monotonic());
        }
      };
      const perform = async (operation: Operation) => {
        await apply(operation);
        await settle();
        for (const key of taken.splice(0)) model.taken(key);
        assert.equal(queue.size, model.waiting.size);
        assert.ok(takers === 0 || model.waiting.size === 0, 'a key waits beside a worker that waits');
      };

      for (const operation of operations) await perform(operation);
      while (model.processing.size + model.waiting.size + model.delayed.size > 0) {
        await perform({ kind: 'done', index: 0 });
        await perform({ kind: 'advance', byMs: 30 });
        if (queue.size > 0) await perform({ kind: 'get' });
      }
      queue.shutDown();
      await queue.drained();
    });
    await fc.assert(property, { numRuns: 300 });
  });
});
