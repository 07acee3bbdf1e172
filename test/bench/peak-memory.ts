/** The most resident memory that the operator has shown, looked at every second. */
import type { OperatorProcess } from '../operator-process.ts';

const everyMs = 1_000;

export class PeakMemory {
  readonly #operator: OperatorProcess;
  readonly #timer: NodeJS.Timeout;
  #peakBytes = 0;

  constructor(operator: OperatorProcess) {
    this.#operator = operator;
    this.#timer = setInterval(() => void this.#look().catch(() => {}), everyMs);
  }

  /** In MB (10^6 bytes). */
  async end(): Promise<number> {
    clearInterval(this.#timer);
    await this.#look();
    return Math.round(this.#peakBytes / 1e6);
  }

  async #look(): Promise<void> {
    this.#peakBytes = Math.max(this.#peakBytes, await this.#operator.metric('process_resident_memory_bytes'));
  }
}
