/**
 * A thread that examines contents, one at a time, and is ended when one takes too much.
 *
 * Guarantees: what an examination may take is bounded in processor time, so that a busy machine makes nothing too slow,
 * and in memory, also of all threads together; a thread that was ended leaves nothing behind; a thread without work does not
 * keep the process alive.
 */
import { extname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { ThreadMessage } from './examiner-thread.ts';
import type { ContentTask, Finding } from './task.ts';

export interface ExaminationLimits {
  /** Of processor time, for one content. */
  readonly budgetMs: number;
  /** Of the thread's heap. */
  readonly memoryMb: number;
  /** Of the heaps of all threads that work: the memory of a container is one, and who passes its limit takes all with it. */
  readonly totalMb: number;
}

/** What the thread was ended for. */
export type Excess = 'time' | 'memory';

export type Examination = { readonly usedMs: number } & (
  | { readonly finding: Finding }
  | { readonly excess: Excess }
  /** Others needed the memory, or the thread: that says nothing of the content. */
  | { readonly hadNoRoom: true }
);

/** How often the thread is asked what it has used. */
const CHECK_MS = 50;
/**
 * V8 ends a thread at the limit of its heap, and now and then the whole process instead. So that this limit is never
 * reached, it is far above the one that is checked here, and what is promoted at once is little.
 */
const HEAP_MARGIN = 2;
const YOUNG_MB = 8;
/** A thread that gets no processor at all is not waited for any longer. */
const LONGEST_MS = 50_000;
/** Bytes of the heaps of threads that work, of whatever pool: the process has one memory. */
const heaps = new Map<Examiner, number>();

export class Examiner {
  readonly #limits: ExaminationLimits;
  readonly #worker: Worker;
  readonly #isReady = Promise.withResolvers<void>();
  /** When the last examination had ended. */
  #cpu: NodeJS.CpuUsage = { system: 0, user: 0 };
  /** Of the content that is examined. */
  #current: PromiseWithResolvers<Examination> | undefined;
  #ended: Error | undefined;

  constructor(limits: ExaminationLimits) {
    this.#limits = limits;
    const resourceLimits = {
      maxOldGenerationSizeMb: limits.memoryMb * HEAP_MARGIN,
      maxYoungGenerationSizeMb: YOUNG_MB,
    };
    // The same in the sources and in what is compiled of them.
    const url = new URL(`examiner-thread${extname(import.meta.filename)}`, import.meta.url);
    this.#worker = new Worker(url, { resourceLimits, execArgv: [] });
    this.#worker.unref();
    this.#worker.on('message', (message: ThreadMessage) => this.#heard(message));
    this.#worker.on('error', (error) => this.#failed(error));
    this.#worker.on('exit', () => this.#failed(new Error('the thread that examines contents has ended')));
    this.#isReady.promise.catch(() => {});
  }

  /** Whether there is a thread to examine more. */
  get isUsable(): boolean {
    return this.#ended === undefined;
  }

  /** @throws Error when the thread fails for another reason than the content. */
  async examine(task: ContentTask): Promise<Examination> {
    const current = Promise.withResolvers<Examination>();
    this.#current = current;
    this.#worker.ref();
    const over = new AbortController();
    try {
      await this.#isReady.promise;
      void this.#watch(over.signal).catch(() => {});
      this.#worker.postMessage(task);
      return await current.promise;
    } finally {
      over.abort();
      heaps.delete(this);
      this.#current = undefined;
      this.#worker.unref();
    }
  }

  /** Ends the thread, if the content has taken so much processor time by now; returns whether it has. */
  async putOff(afterMs: number): Promise<boolean> {
    const [cpu, current] = [this.#cpu, this.#current];
    // It starts still, and nobody can say what it uses.
    if (cpu.user + cpu.system === 0) return false;
    const usedMs = msBetween(cpu, await this.#worker.cpuUsage());
    if (current === undefined || current !== this.#current || usedMs < afterMs) return false;
    this.#end({ hadNoRoom: true, usedMs });
    return true;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  /** Ends the thread when the budget is over. @throws Error when the examination has ended before. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { budgetMs, memoryMb } = this.#limits;
    const cpu = this.#cpu;
    const beganMs = performance.now();
    let excess: Excess | undefined;
    while (excess === undefined) {
      await setTimeout(CHECK_MS, undefined, { signal, ref: false });
      const [cpuNow, heap] = await Promise.all([this.#worker.cpuUsage(), this.#worker.getHeapStatistics()]);
      signal.throwIfAborted();
      heaps.set(this, heap.used_heap_size);
      if (heap.used_heap_size > memoryMb * 1_048_576) excess = 'memory';
      else if (this.#takesTheRoom()) return this.#end({ hadNoRoom: true, usedMs: msBetween(cpu, cpuNow) });
      if (msBetween(cpu, cpuNow) > budgetMs || performance.now() - beganMs > LONGEST_MS) excess = 'time';
    }
    this.#exceeded(excess);
  }

  #heard({ cpu, finding }: ThreadMessage): void {
    const usedMs = msBetween(this.#cpu, cpu);
    this.#cpu = cpu;
    if (finding === undefined) this.#isReady.resolve();
    else this.#current?.resolve({ finding, usedMs });
  }

  /** All together have too much, and none has more than this one. */
  #takesTheRoom(): boolean {
    const all = [...heaps.values()];
    const sum = all.reduce((total, bytes) => total + bytes, 0);
    return sum > this.#limits.totalMb * 1_048_576 && heaps.get(this) === Math.max(...all);
  }

  #exceeded(excess: Excess): void {
    this.#end({ excess, usedMs: this.#limits.budgetMs });
  }

  #end(examination: Examination): void {
    this.#ended = new Error('the thread was ended');
    this.#current?.resolve(examination);
    void this.close();
  }

  #failed(error: Error): void {
    if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') this.#exceeded('memory');
    this.#ended ??= error;
    this.#isReady.reject(error);
    this.#current?.reject(error);
  }
}

function msBetween(before: NodeJS.CpuUsage, now: NodeJS.CpuUsage): number {
  return (now.system - before.system + now.user - before.user) / 1_000;
}
