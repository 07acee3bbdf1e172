/** A part of the process that is started and stopped: a server, a cache, a controller. */
import type { Controller } from './controller.ts';

export interface Runnable {
  /** For log lines and checks. */
  readonly name: string;
  /** Whose workers it runs. */
  readonly controllers?: readonly Controller[];
  /**
   * Returns, or resolves, once the part does its work; a cache: once it is synced. Rejects only when the process cannot
   * go on. `signal` is aborted when the process stops before that.
   */
  start(signal: AbortSignal): Promise<void> | void;
  /**
   * Resolves when nothing of the part runs any more; also called after a start that did not end. `hurry` is aborted
   * when there is no more time for a graceful end, from the beginning if leadership was lost.
   */
  stop(hurry: AbortSignal): Promise<void>;
}
