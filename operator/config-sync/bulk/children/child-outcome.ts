/**
 * How an item fares, as the conditions of its NacosConfig tell.
 *
 * Pure. A condition that was made for an older generation is believed on until the new one is there: the count does not
 * flicker with every change.
 */
import type { NacosConfig } from '../../../api/resources.ts';
import { findCondition } from '../../../kube/conditions.ts';
import { PENDING, type ItemState, type Outcome } from '../tally.ts';

const states: Readonly<Record<string, ItemState>> = {
  Conflict: 'conflict',
  NotOwned: 'conflict',
  Invalid: 'invalid',
  InvalidContent: 'invalid',
  RefusedByNacos: 'invalid',
  NotAllowed: 'skipped',
  EncryptionUnsupported: 'skipped',
};

export function outcomeOf({ status }: NacosConfig): Outcome {
  const ready = findCondition(status?.conditions, 'Ready');
  if (ready === undefined || ready.status === 'Unknown' || ready.reason === 'Suspended') return PENDING;
  if (ready.status === 'True') return { state: 'synced', reason: '', message: '', md5: status?.syncedMd5 };
  const { reason, message } = ready;
  return { state: states[reason] ?? 'failing', reason, message, md5: undefined };
}
