/**
 * What the server is told over one connection of the watched keys of one namespace: for each the md5 that we have, or
 * believe it to have.
 *
 * Keys are told in batches of 1,000. The answer names those whose md5 on the server is another. A key that somebody waits
 * for is told at once, together with all others of that moment; one that is told for the record, such as our own write,
 * waits for company.
 *
 * One bad key fails a batch, and so does a right that is missing. So when a batch is refused its expectations are given up:
 * those keys are read, and each gets an answer of its own. A failure that passes by itself (load that is shed, silence) is
 * no reason for a thousand reads: only when it comes again and again are the keys read.
 *
 * Guarantees: what is told while a batch is under way is in a later one; a batch that failed is told again with growing
 * pauses.
 */
import { sleep, type Timer } from '../../clock.ts';
import { isBridgeError } from '../../errors.ts';
import { errorFields } from '../../logger.ts';
import { backoffMs } from '../../runtime/backoff.ts';
import type { Surroundings } from '../surroundings.ts';
import type { ConfigApi } from './config-api.ts';
import { keyText } from './config-key.ts';
import { absentMd5 } from './config-snapshot.ts';
import type { WatchedConfig } from './watched-config.ts';

export interface TellingOptions extends Surroundings {
  readonly api: ConfigApi;
  /** Of the connection. */
  readonly signal: AbortSignal;
  /** The server has another md5 than it was told, or could not say; the key is to be read. */
  readonly onDoubt: (watched: WatchedConfig) => void;
}

const batchSize = 1_000;
/** Watches begin and reads end one by one: those that follow a batch closely are told together. */
const burstMs = 20;
/** Nobody waits for what is told for the record; it only finds out what was written right after it. */
const recordMs = 200;
const failureBackoff = { initialMs: 200, maxMs: 5_000 };
/** Of a kind that passes by itself, in a row: some six seconds. */
const toleratedFailures = 5;

export class NamespaceTelling {
  readonly #options: TellingOptions;
  readonly #untold = new Set<WatchedConfig>();
  readonly #left = new Set<WatchedConfig>();
  #isDue = false;
  #isRunning = false;
  #failures = 0;
  #record: Timer | undefined;

  constructor(options: TellingOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', () => this.#record?.cancel(), { once: true });
  }

  /** While batches fail, no answer is to be expected soon. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** At once, or after the batch that is under way. */
  tell(watched: WatchedConfig): void {
    this.#untold.add(watched);
    this.#due();
  }

  /** Soon, with others. */
  record(watched: WatchedConfig): void {
    this.#untold.add(watched);
    this.#record ??= this.#options.clock.after(recordMs, () => this.#due());
  }

  /** Nobody watches it any more. */
  leave(watched: WatchedConfig): void {
    this.#untold.delete(watched);
    if (!watched.isTold) return;
    this.#left.add(watched);
    this.#due();
  }

  #due(): void {
    this.#record?.cancel();
    this.#record = undefined;
    this.#isDue = true;
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    const { clock, signal } = this.#options;
    this.#isRunning = true;
    // After the callers of this turn have added theirs, so that thousands of watches become a few batches.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#isDue && !signal.aborted) {
      this.#isDue = false;
      const failure = await this.#tellAll();
      if (failure) this.#failed(failure);
      else this.#failures = 0;
      await sleep(clock, this.isFailing ? this.#pauseMs() : burstMs, signal).catch(() => undefined);
    }
    this.#isRunning = false;
  }

  #pauseMs(): number {
    return backoffMs({ ...failureBackoff, random: this.#options.random }, this.#failures - 1);
  }

  #failed(failure: unknown): void {
    const { log, signal } = this.#options;
    if (signal.aborted) return;
    const isTolerated = isPassing(failure) && this.#failures < toleratedFailures;
    // Nobody waits for the next attempt: what was only believed is read.
    if (!isTolerated) for (const watched of this.#untold) if (watched.isExpecting) this.#doubt(watched);
    if (this.#untold.size === 0) return void (this.#failures = 0);
    if (!this.isFailing) log.warn('listening to configs failed; it is tried again', errorFields(failure));
    this.#failures += 1;
    this.#isDue = true;
  }

  /** Returns the failure, if it failed. */
  async #tellAll(): Promise<unknown> {
    await this.#leaveAll();
    try {
      for (const batch of batchesOf([...this.#untold]))
        await this.#listen(batch.filter((one) => this.#untold.has(one)));
    } catch (error) {
      return error;
    }
    return undefined;
  }

  async #listen(batch: readonly WatchedConfig[]): Promise<void> {
    if (batch.length === 0) return;
    const { api, signal } = this.#options;
    const contexts = batch.map(({ key, md5 }) => ({ key, md5 }));
    // What is named again meanwhile may have changed after the server had answered, so it is told again.
    for (const watched of batch) this.#untold.delete(watched);
    const changed = await api.listen(contexts, true, signal).catch((error: unknown) => {
      for (const watched of batch) if (watched.isWatched) this.#untold.add(watched);
      throw error;
    });
    const different = new Set(changed.map(keyText));
    for (const [index, watched] of batch.entries()) {
      watched.told(contexts[index]!.md5);
      this.#answered(watched, !different.has(watched.id));
    }
  }

  #answered(watched: WatchedConfig, isEqual: boolean): void {
    if (!watched.isWatched) return this.leave(watched);
    // It was written or read while the batch was under way.
    if (!watched.isToldLatest) this.record(watched);
    if (!isEqual) return this.#doubt(watched);
    watched.confirm();
  }

  #doubt(watched: WatchedConfig): void {
    if (watched.isExpecting) this.#untold.delete(watched);
    watched.doubt();
    this.#options.onDoubt(watched);
  }

  /** Once: a server that goes on to tell of them is not heeded. */
  async #leaveAll(): Promise<void> {
    const { api, log, signal } = this.#options;
    const left = [...this.#left];
    this.#left.clear();
    for (const batch of batchesOf(left)) {
      const contexts = batch.map(({ key }) => ({ key, md5: absentMd5 }));
      await api.listen(contexts, false, signal).catch((error: unknown) => {
        if (!signal.aborted) log.debug('listening to configs did not end', errorFields(error));
      });
    }
  }
}

/** It says nothing of these keys. */
function isPassing(failure: unknown): boolean {
  return isBridgeError(failure, 'NACOS_OVERLOADED', 'TIMEOUT', 'NACOS_UNREACHABLE', 'CONNECTION_NOT_READY');
}

function batchesOf(all: readonly WatchedConfig[]): WatchedConfig[][] {
  const count = Math.ceil(all.length / batchSize);
  return Array.from({ length: count }, (_, index) => all.slice(index * batchSize, (index + 1) * batchSize));
}
