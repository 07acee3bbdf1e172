import { BridgeError } from '../errors.ts';

/** The time for which this process leads, from one election to the loss of the lease. */
export interface Term {
  /** How often the lease had changed hands when it began: a later leader has a higher one, while the lease exists. */
  readonly number: number;
  /** Whether nobody else can lead now, by the local clock. */
  isCurrent(): boolean;
  /** Whether the lease itself says so, too. @throws BridgeError when it cannot be asked. */
  confirm(): Promise<boolean>;
}

/** Of a process that nobody can depose. */
export const endlessTerm: Term = { number: 0, isCurrent: () => true, confirm: async () => true };

export function deposed(): BridgeError {
  return new BridgeError('ABORTED', 'Another replica may lead by now');
}
