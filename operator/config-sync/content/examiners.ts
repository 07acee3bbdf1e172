/**
 * Has contents examined: small ones at once, all others by threads, so that nothing that a user writes holds up the event
 * loop, and with it the leadership, the services and everybody else.
 *
 * Guarantees
 * - At most one content of a Kubernetes namespace is examined in a thread at a time, and namespaces take turns.
 * - At most one content that takes long is examined at a time, and the other thread is left to all others: how ever many
 *   namespaces have such contents, nobody else waits for one of them to end.
 * - A content that takes more than the limits is given up, remembered by its digest together with its rules, and not
 *   examined again; its namespace pauses (namespace-time.ts).
 * - Nobody waits behind a content of the same namespace that takes long, nor where enough wait already, nor while the
 *   namespace pauses: that is an error, and tried again later.
 */
import { hash } from 'node:crypto';
import { sleep, type Clock, type Timer } from '../../clock.ts';
import { BridgeError } from '../../errors.ts';
import { examine } from './examine.ts';
import { Examiner, type ExaminationLimits, type Excess } from './examiner.ts';
import { NamespaceTime } from './namespace-time.ts';
import type { ContentTask, Finding } from './task.ts';
import { tooMuch } from './too-much.ts';

export interface ExaminersOptions {
  readonly clock: Clock;
  /** @default 5 s of processor time, and 160 MB; 200 MB for all at once */
  readonly limits?: ExaminationLimits;
  /** @default a thread */
  readonly newExaminer?: (limits: ExaminationLimits) => Thread;
}

type Thread = Pick<Examiner, 'close' | 'examine' | 'isUsable' | 'putOff'>;

interface Job {
  readonly task: ContentTask;
  readonly digest: string;
  readonly result: PromiseWithResolvers<Finding>;
}

/** In characters: the worst of this length take less than 30 ms, before they are compiled. YAML costs the most by far. */
const SMALL = { check: { yaml: 4_096, others: 32_768 }, entries: { yaml: 2_048, others: 8_192 } };
/** One for what takes long, one for all others. */
const THREADS = 2;
/** They take some 20 MB each. */
const IDLE_MS = 30_000;
/** Those that wait hold a place among what is reconciled at once (`--reconcile-concurrency`): half of them. */
const MOST_WAITING = 10;
const NO_ROOM_RETRY_MS = 100;
/** Nobody waits behind a content that takes longer. */
const SLOW_MS = 200;
const SLOW_RETRY_MS = 1_000;
const MOST_REMEMBERED = 10_000;

export class Examiners {
  readonly #clock: Clock;
  readonly #limits: ExaminationLimits;
  readonly #newExaminer: () => Thread;
  readonly #time: NamespaceTime;
  /** By namespace, the one whose turn it is first. */
  readonly #waiting = new Map<string, Job[]>();
  /** The namespaces of the contents that are examined. */
  readonly #running = new Set<string>();
  /** Those of them that take long. */
  readonly #slow = new Set<string>();
  /** Contents that took long before, by digest: each begins only when no other such one is examined. */
  readonly #long = new Set<string>();
  /** Each with the time of its end. */
  readonly #idle = new Map<Thread, Timer>();
  /** By digest. */
  readonly #excesses = new Map<string, Excess>();

  constructor(options: ExaminersOptions) {
    const { clock, limits = { budgetMs: 5_000, memoryMb: 160, totalMb: 200 } } = options;
    const { newExaminer = (each: ExaminationLimits) => new Examiner(each) } = options;
    this.#clock = clock;
    this.#limits = limits;
    this.#newExaminer = () => newExaminer(limits);
    this.#time = new NamespaceTime(clock);
  }

  /**
   * @throws BridgeError VALIDATION_TOO_SLOW when it takes more than the limits; VALIDATION_PAUSED while the namespace
   *   pauses; VALIDATION_BUSY when others of its contents come first.
   */
  async examine(task: ContentTask, namespace: string): Promise<Finding> {
    if (isSmall(task)) return examine(task);
    const digest = digestOf(task);
    const excess = this.#excesses.get(digest);
    if (excess !== undefined) throw tooMuch(excess, task, this.#limits);
    const pauseMs = this.#time.pauseMs(namespace);
    if (pauseMs > 0) throw paused(namespace, pauseMs);
    const jobs = this.#waiting.get(namespace) ?? [];
    if (this.#slow.has(namespace)) throw busy(namespace, SLOW_RETRY_MS);
    if (this.#isTaken(digest)) throw othersTakeLong();
    if (jobs.length >= MOST_WAITING) throw busy(namespace, NO_ROOM_RETRY_MS);
    const result = Promise.withResolvers<Finding>();
    this.#waiting.set(namespace, [...jobs, { task, digest, result }]);
    this.#next();
    return result.promise;
  }

  #next(): void {
    if (this.#running.size >= THREADS) return;
    const turn = [...this.#waiting.keys()].find((namespace) => !this.#running.has(namespace));
    if (turn === undefined) return;
    const [job, ...rest] = this.#waiting.get(turn) ?? [];
    // At the end of the line.
    this.#waiting.delete(turn);
    if (rest.length > 0) this.#waiting.set(turn, rest);
    if (job === undefined) return;
    this.#running.add(turn);
    void this.#run(job, turn).finally(() => {
      this.#running.delete(turn);
      this.#next();
    });
  }

  /** Whether a content that takes long has to wait for another one that does. */
  #isTaken(digest: string): boolean {
    return this.#slow.size > 0 && this.#long.has(digest);
  }

  async #run(job: Job, namespace: string): Promise<void> {
    const { digest, result, task } = job;
    if (this.#isTaken(digest)) return result.reject(othersTakeLong());
    const examiner = this.#take();
    if (this.#long.has(digest)) this.#slow.add(namespace);
    const over = new AbortController();
    void this.#watch(job, namespace, examiner, over.signal).catch(() => {});
    try {
      const examination = await examiner.examine(task);
      const isTooMuch = 'excess' in examination;
      this.#time.spend(namespace, examination.usedMs, isTooMuch);
      if (isTooMuch) {
        this.#remember(digest, examination.excess);
        result.reject(tooMuch(examination.excess, task, this.#limits));
      } else if ('finding' in examination) result.resolve(examination.finding);
      else result.reject(busy(namespace, SLOW_RETRY_MS));
      const pauseMs = this.#time.pauseMs(namespace);
      if (pauseMs > 0) this.#turnAway(namespace, paused(namespace, pauseMs));
    } catch (error) {
      result.reject(error);
    } finally {
      over.abort();
      this.#slow.delete(namespace);
      this.#keep(examiner);
    }
  }

  /** Of two contents that take long one is put off. @throws Error when the examination has ended. */
  async #watch({ digest }: Job, namespace: string, examiner: Thread, signal: AbortSignal): Promise<void> {
    let isSettled = false;
    while (!isSettled) {
      await sleep(this.#clock, SLOW_MS, signal);
      this.#turnAway(namespace, busy(namespace, SLOW_RETRY_MS));
      isSettled = this.#slow.size === 0 || this.#slow.has(namespace);
      if (isSettled) this.#slow.add(namespace);
      // A busy machine makes nothing take long.
      else isSettled = await examiner.putOff(SLOW_MS);
    }
    this.#long.add(digest);
    forgetOldest(this.#long);
  }

  #turnAway(namespace: string, why: BridgeError): void {
    for (const { result } of this.#waiting.get(namespace) ?? []) result.reject(why);
    this.#waiting.delete(namespace);
  }

  #remember(digest: string, excess: Excess): void {
    this.#excesses.set(digest, excess);
    forgetOldest(this.#excesses);
  }

  #take(): Thread {
    const [examiner] = this.#idle.keys();
    if (examiner === undefined) return this.#newExaminer();
    this.#idle.get(examiner)?.cancel();
    this.#idle.delete(examiner);
    return examiner;
  }

  /** For the next content, unless none comes soon. */
  #keep(examiner: Thread): void {
    if (!examiner.isUsable) return;
    const timer = this.#clock.after(IDLE_MS, () => {
      this.#idle.delete(examiner);
      void examiner.close();
    });
    this.#idle.set(examiner, timer);
  }
}

/** What a schema asks for may take forever, however small content and schema are. */
function isSmall(task: ContentTask): boolean {
  if (task.kind === 'check' && task.schema !== undefined) return false;
  const limit = SMALL[task.kind][task.format === 'yaml' ? 'yaml' : 'others'];
  return task.content.length <= limit;
}

function forgetOldest(remembered: Map<string, unknown> | Set<string>): void {
  const [oldest] = remembered.keys();
  if (oldest !== undefined && remembered.size > MOST_REMEMBERED) remembered.delete(oldest);
}

function digestOf(task: ContentTask): string {
  const { content, ...rules } = task;
  return hash('sha256', `${hash('sha256', content)} ${JSON.stringify(rules)}`);
}

function paused(namespace: string, pauseMs: number): BridgeError {
  const message =
    `Contents of namespace '${namespace}' took too long to validate, so that its large ones and those with a ` +
    "`jsonSchema` wait; it is tried again by itself. Look for NacosConfigs with the reason 'ValidationTooSlow' there";
  return new BridgeError('VALIDATION_PAUSED', message, { retryAfterMs: pauseMs });
}

function othersTakeLong(): BridgeError {
  const message = 'Another content that takes long is being validated; this one, which took long before, follows';
  return new BridgeError('VALIDATION_BUSY', message, { retryAfterMs: SLOW_RETRY_MS });
}

function busy(namespace: string, retryAfterMs: number): BridgeError {
  const message = `Other contents of namespace '${namespace}' are being validated; this one follows`;
  return new BridgeError('VALIDATION_BUSY', message, { retryAfterMs });
}
