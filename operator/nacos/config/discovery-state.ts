/**
 * How the discovery of a pattern stands, and what its listeners are told.
 */
import type { BridgeError } from '../../errors.ts';
import type { ConfigName } from './config-pattern.ts';

export interface DiscoveryState {
  /** Undefined until something was tried. */
  readonly mode: 'FuzzyWatch' | 'Listing' | undefined;
  /** Why there is no fuzzy watch while configs are listed. */
  readonly watchError: BridgeError | undefined;
  /** All that matched was seen at least once over the connection of now: what is not there does not exist. */
  readonly isComplete: boolean;
  /** Why the last round brought nothing. */
  readonly lastError: BridgeError | undefined;
}

export interface DiscoveryChange {
  readonly added: readonly ConfigName[];
  /** Missing twice in a row by complete answers; never for an error or a lost connection. */
  readonly removed: readonly ConfigName[];
  readonly state: DiscoveryState;
}

/** Whether both say the same to people. */
export function isSameState(one: DiscoveryState, other: DiscoveryState): boolean {
  return (
    one.mode === other.mode &&
    one.isComplete === other.isComplete &&
    one.lastError?.message === other.lastError?.message &&
    one.watchError?.message === other.watchError?.message
  );
}
