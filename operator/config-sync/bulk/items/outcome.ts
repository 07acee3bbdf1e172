/** How an item fares, by what was decided and done about it. Pure. */
import type { ContentReport } from '../../apply.ts';
import { withoutMd5s } from '../../report.ts';
import type { Outcome } from '../tally.ts';

export function outcomeOf({ base, synced }: ContentReport, isSecret: boolean): Outcome {
  const { message, reason, status } = synced ?? { status: 'Unknown', reason: '', message: '' };
  if (status === 'True') return { state: 'synced', reason: '', message: '', md5: isSecret ? undefined : base?.md5 };
  const state = reason === 'Conflict' ? 'conflict' : 'failing';
  return { state, reason, message: isSecret ? withoutMd5s(message) : message, md5: undefined };
}
