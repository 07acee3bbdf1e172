/** A lost race is nobody's problem: the watches bring the new state, and the decision is taken again on it. */
import { isBridgeError } from '../errors.ts';

export function isLostRace(error: unknown): boolean {
  return isBridgeError(error, 'NACOS_CAS_FAILED', 'KUBE_CONFLICT', 'ABORTED');
}
