/** Who is examined when, and what becomes of contents that take too much. */
import assert from 'node:assert/strict';
import { Examiner, type Examination } from '../../../operator/config-sync/content/examiner.ts';
import { Examiners } from '../../../operator/config-sync/content/examiners.ts';
import type { ContentTask } from '../../../operator/config-sync/content/task.ts';
import { isBridgeError, type BridgeError, type ErrorCode } from '../../../operator/errors.ts';
import { eventually, hangMs } from '../../eventually.ts';
import { FakeClock } from '../../fake-clock.ts';

const valid = { kind: 'valid' } as const;

/** It is examined in a thread; `salt` makes it another one. */
function quick(salt = 0): ContentTask {
  return { kind: 'check', format: 'json', content: String(salt), schema: '{"type": "number"}' };
}

function endless(salt = 0, schema = '{"pattern": "^(a+)+$"}'): ContentTask {
  return { kind: 'check', format: 'json', content: JSON.stringify(`${'a'.repeat(60 + salt)}!`), schema };
}

const large: ContentTask = { kind: 'check', format: 'yaml', content: '- a\n'.repeat(250_000), schema: undefined };

async function errorOf(promise: Promise<unknown>, code: ErrorCode): Promise<BridgeError> {
  const error: unknown = await promise.then(
    () => assert.fail('it was examined'),
    (thrown: unknown) => thrown,
  );
  assert.ok(isBridgeError(error, code), String(error));
  return error;
}

describe('examiners', () => {
  let clock: FakeClock;
  let examiners: Examiners;
  beforeEach(() => {
    clock = new FakeClock();
    examiners = new Examiners({ clock, limits: { budgetMs: 300, memoryMb: 64, totalMb: 128 } });
  });

  it('give up what takes too long, and say of which field, by which limit and what to do', async () => {
    const { message } = await errorOf(examiners.examine(endless(), 'a'), 'VALIDATION_TOO_SLOW');
    assert.match(message, /`spec.validation.jsonSchema` takes more than 0.3 s of processor time; make its patterns/);
  });

  it('give up what takes too much memory, and go on', async () => {
    examiners = new Examiners({ clock, limits: { budgetMs: 60_000, memoryMb: 32, totalMb: 64 } });
    const { message } = await errorOf(examiners.examine(large, 'a'), 'VALIDATION_TOO_SLOW');
    assert.match(message, /^Checking the content as yaml takes more than 32 MB of memory; .*`spec.validation.syntax`/);
    assert.deepEqual(await examiners.examine(quick(), 'b'), valid);
  });

  it('put off what takes the most while all together take too much, which says nothing of it', async () => {
    examiners = new Examiners({ clock, limits: { budgetMs: 60_000, memoryMb: 1_000, totalMb: 32 } });
    for (const retry of ['first', 'again']) {
      const { retryAfterMs } = await errorOf(examiners.examine(large, 'a'), 'VALIDATION_BUSY');
      assert.equal(retryAfterMs, 1_000, retry);
    }
    assert.deepEqual(await examiners.examine(quick(), 'a'), valid);
  });

  it('do not try again what was too slow, until the content or the rules change', async () => {
    await errorOf(examiners.examine(endless(), 'a'), 'VALIDATION_TOO_SLOW');
    // A second try would be an error of the pause, or take its time.
    await errorOf(examiners.examine(endless(), 'a'), 'VALIDATION_TOO_SLOW');
    await errorOf(examiners.examine(endless(), 'b'), 'VALIDATION_TOO_SLOW');
    assert.deepEqual(await examiners.examine(quick(), 'b'), valid);
    assert.deepEqual(await examiners.examine(endless(0, '{"type": "string"}'), 'b'), valid);
  });

  it('serve other namespaces while one burns its time', async () => {
    // A thread has to start first, which takes some 300 ms as well.
    examiners = new Examiners({ clock, limits: { budgetMs: 3_000, memoryMb: 64, totalMb: 128 } });
    const ended: string[] = [];
    const burning = [0, 1, 2].map((salt) => examiners.examine(endless(salt), 'a').catch(() => void ended.push('a')));
    for (let salt = 0; salt < 20; salt += 1) {
      assert.deepEqual(await examiners.examine(quick(salt), 'b'), valid);
      ended.push('b');
    }
    // However slow the machine is: what does next to nothing is not behind what has its budget to spend.
    assert.deepEqual(ended.slice(0, 5), Array<string>(5).fill('b'));
    await Promise.all(burning);
  });

  it('have a namespace pause after a content that was too slow, longer each time, and only what is not small', async () => {
    const small: ContentTask = { kind: 'check', format: 'yaml', content: 'a: 1', schema: undefined };
    for (const pauseMs of [5_000, 10_000, 20_000]) {
      await errorOf(examiners.examine(endless(pauseMs), 'a'), 'VALIDATION_TOO_SLOW');
      const { message, retryAfterMs } = await errorOf(examiners.examine(quick(), 'a'), 'VALIDATION_PAUSED');
      assert.equal(retryAfterMs, pauseMs);
      assert.match(message, /namespace 'a' .*tried again by itself.*'ValidationTooSlow'/);
      assert.deepEqual(await examiners.examine(small, 'a'), valid);
      assert.deepEqual(await examiners.examine(quick(), 'b'), valid);
      await clock.advance(pauseMs);
      assert.deepEqual(await examiners.examine(quick(), 'a'), valid);
    }
    await clock.advance(20_000);
    await errorOf(examiners.examine(endless(1), 'a'), 'VALIDATION_TOO_SLOW');
    assert.equal((await errorOf(examiners.examine(quick(), 'a'), 'VALIDATION_PAUSED')).retryAfterMs, 5_000);
  });

  it('turn away those who would wait behind what takes long, and those for whom there is no room', async () => {
    const first = errorOf(examiners.examine(endless(), 'a'), 'VALIDATION_TOO_SLOW');
    const waiting = Array.from({ length: 10 }, (_, salt) =>
      errorOf(examiners.examine(quick(salt), 'a'), 'VALIDATION_BUSY'),
    );
    assert.equal((await errorOf(examiners.examine(quick(10), 'a'), 'VALIDATION_BUSY')).retryAfterMs, 100);
    assert.deepEqual(await examiners.examine(quick(), 'b'), valid);
    await clock.advance(200);
    for (const { retryAfterMs } of await Promise.all(waiting)) assert.equal(retryAfterMs, 1_000);
    assert.equal((await errorOf(examiners.examine(quick(11), 'a'), 'VALIDATION_BUSY')).retryAfterMs, 1_000);
    await first;
  });

  it('have those wait no longer that wait when a content of their namespace was too slow', async () => {
    const first = errorOf(examiners.examine(endless(), 'a'), 'VALIDATION_TOO_SLOW');
    await errorOf(examiners.examine(quick(), 'a'), 'VALIDATION_PAUSED');
    await first;
  });

  it('let namespaces take turns', async () => {
    const ended: string[] = [];
    const asked = ['a', 'a', 'a', 'b', 'c', 'd'].map((namespace, salt) =>
      examiners.examine(quick(salt), namespace).then(() => ended.push(namespace)),
    );
    await Promise.all(asked);
    // One of the two threads may be slow to take the other one.
    assert.ok(Math.min(ended.indexOf('c'), ended.indexOf('d')) < ended.lastIndexOf('a'), ended.join());
  });

  it('end threads that have nothing to do for a while, and start others when there is', async () => {
    assert.deepEqual(await examiners.examine(quick(), 'a'), valid);
    await clock.advance(60_000);
    assert.deepEqual(clock.waitingMs, []);
    assert.deepEqual(await examiners.examine(quick(1), 'a'), valid);
  });
});

/** Threads that examine for as long as a test wants. */
class PlayedThreads {
  /** The contents that are examined, in the order in which they began. */
  readonly begun: string[] = [];
  readonly #ends = new Map<string, (examination: Examination) => void>();
  /** Whether a content is one of those that take the processor. */
  isBurning = (_content: string): boolean => true;

  readonly newExaminer = () => {
    let current = '';
    const thread = {
      isUsable: true,
      examine: ({ content }: ContentTask) => {
        current = content;
        this.begun.push(content);
        return new Promise<Examination>((resolve) => this.#ends.set(content, resolve));
      },
      putOff: async (usedMs: number) => {
        const isToEnd = this.isBurning(current);
        if (isToEnd) {
          thread.isUsable = false;
          this.#ends.get(current)?.({ hadNoRoom: true, usedMs });
        }
        return isToEnd;
      },
      close: async () => {},
    };
    return thread;
  };

  end(content: string): void {
    this.#ends.get(content)?.({ finding: valid, usedMs: 1 });
  }
}

describe('examiners of which several namespaces ask for what takes long', () => {
  const clock = new FakeClock();
  let threads: PlayedThreads;
  let examiners: Examiners;
  beforeEach(() => {
    threads = new PlayedThreads();
    examiners = new Examiners({ clock, newExaminer: threads.newExaminer });
  });

  const check = (content: string, namespace: string) =>
    examiners.examine({ kind: 'check', format: 'json', content, schema: '{}' }, namespace);

  it('put off all but one, so that nobody else waits for them', async () => {
    const first = check('first', 'a');
    await clock.advance(200);
    const others = ['b', 'c'].map((namespace) => errorOf(check(`of ${namespace}`, namespace), 'VALIDATION_BUSY'));
    const honest = check('honest', 'd');
    await clock.advance(200);
    await clock.advance(200);
    threads.end('honest');
    assert.deepEqual(await honest, valid);
    assert.deepEqual(threads.begun, ['first', 'of b', 'of c', 'honest']);
    for (const { retryAfterMs } of await Promise.all(others)) assert.equal(retryAfterMs, 1_000);
    threads.end('first');
    assert.deepEqual(await first, valid);
  });

  it('have what took long before wait for the one that is examined, without a thread, and then take its turn', async () => {
    const first = check('first', 'a');
    await clock.advance(200);
    const second = errorOf(check('second', 'b'), 'VALIDATION_BUSY');
    await clock.advance(200);
    await second;
    const { message } = await errorOf(check('second', 'b'), 'VALIDATION_BUSY');
    assert.match(message, /Another content that takes long is being validated/);
    threads.end('first');
    await first;
    const again = check('second', 'b');
    assert.deepEqual(threads.begun, ['first', 'second', 'second']);
    const third = check('third', 'c');
    threads.end('third');
    assert.deepEqual(await third, valid);
    threads.end('second');
    assert.deepEqual(await again, valid);
  });

  it('put off nothing that merely gets no processor on a busy machine', async () => {
    threads.isBurning = (content) => content !== 'quick';
    const first = check('first', 'a');
    await clock.advance(200);
    const quickly = check('quick', 'b');
    for (let times = 0; times < 10; times += 1) await clock.advance(200);
    threads.end('quick');
    assert.deepEqual(await quickly, valid);
    threads.end('first');
    await first;
  });
});

describe('a thread that examines', () => {
  it('is ended for what has used its time by then, which says nothing of the content, and for nothing else', async () => {
    const examiner = new Examiner({ budgetMs: 60_000, memoryMb: 64, totalMb: 128 });
    const examination = examiner.examine(endless());
    assert.equal(await examiner.putOff(1e9), false);
    await eventually(hangMs, async () => assert.equal(await examiner.putOff(1), true));
    assert.ok('hadNoRoom' in (await examination));
    assert.equal(examiner.isUsable, false);
  });
});
