import assert from 'node:assert/strict';
import { ApiFailure } from '../../../../sandbox/kubernetes/api-failure.ts';
import { WorkLoop } from '../../../../sandbox/kubernetes/controllers/work-loop.ts';
import { FakeClock, settle } from '../../../fake-clock.ts';
import { LogRecorder } from '../../../runtime/log-recorder.ts';

describe('the work loop', () => {
  let clock: FakeClock;
  let log: LogRecorder;
  let loop: WorkLoop;
  let handled: string[];

  beforeEach(() => {
    clock = new FakeClock();
    log = new LogRecorder();
    loop = new WorkLoop(clock, log);
    handled = [];
  });

  afterEach(() => loop.stop());

  const record = (key: string): void => void handled.push(key);

  it('handles a key once, however often it was added, and not at once', async () => {
    const queue = loop.queue('test', record);
    for (const key of ['a', 'b', 'a']) queue.add(key);
    assert.deepEqual(handled, []);
    await settle();
    assert.deepEqual(handled, ['a', 'b']);
    assert.ok(loop.isIdle);
  });

  it('handles a key again that is added while it is handled', async () => {
    const queue = loop.queue('test', (key) => {
      record(key);
      if (handled.length < 3) queue.add(key);
    });
    queue.add('a');
    await settle();
    assert.deepEqual(handled, ['a', 'a', 'a']);
  });

  it('serves the queue that was made first as long as it has work, and every other once a turn', async () => {
    const first = loop.queue('first', record);
    const second = loop.queue('second', record);
    for (const key of ['s1', 's2']) second.add(key);
    for (const key of ['f1', 'f2', 'f3']) first.add(key);
    await settle();
    assert.deepEqual(handled, ['f1', 's1', 'f2', 'f3', 's2']);
  });

  it('gives the event loop its turn between slices of work', async () => {
    const queue = loop.queue('test', (key) => {
      const endMs = performance.now() + 5;
      while (performance.now() < endMs);
      record(key);
    });
    for (let number = 0; number < 10; number += 1) queue.add(`${number}`);
    await settle();
    assert.ok(handled.length < 5, `${handled.length} in one turn`);
    while (!loop.isIdle) await settle();
    assert.equal(handled.length, 10);
  });

  it('adds a key after the earliest of its delays', async () => {
    const queue = loop.queue('test', record);
    queue.addAfter('a', 100);
    queue.addAfter('a', 50);
    queue.addAfter('a', 200);
    await clock.advance(49);
    assert.deepEqual(handled, []);
    await clock.advance(1);
    assert.deepEqual(handled, ['a']);
    await clock.advance(1000);
    assert.deepEqual(handled, ['a']);
  });

  it('tries a key that failed again, later each time, until it succeeds', async () => {
    let failures = 5;
    const triedMs: number[] = [];
    const queue = loop.queue('test', () => {
      triedMs.push(clock.monotonic());
      if (failures-- > 0) throw new Error('not yet');
    });
    queue.add('a');
    await clock.advance(1000);
    assert.deepEqual(triedMs, [0, 10, 30, 70, 150, 310]);
    assert.equal(log.lines.length, 5);
    assert.deepEqual([log.lines[0]?.level, log.lines[0]?.fields['controller']], ['error', 'test']);
    await clock.advance(100_000);
    assert.equal(triedMs.length, 6);
  });

  it('calls it nothing special that the API refuses something', async () => {
    let failures = 1;
    const queue = loop.queue('test', () => {
      if (failures-- > 0) throw new ApiFailure('Forbidden', 'no');
    });
    queue.add('a');
    await clock.advance(100);
    assert.deepEqual(
      log.lines.map(({ level }) => level),
      ['debug'],
    );
  });

  it('does and awaits nothing after it was stopped', async () => {
    const queue = loop.queue('test', record);
    queue.add('a');
    queue.addAfter('b', 10);
    loop.stop();
    queue.add('c');
    assert.deepEqual(clock.waitingMs, []);
    await clock.advance(100);
    assert.deepEqual(handled, []);
  });
});
