/** What every part of a client lives with: the time, chance, and somebody to tell. */
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';

export interface Surroundings {
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
}
