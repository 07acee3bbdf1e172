/** What the tests of the config client work with: one config, and how it shows. */
import { isBridgeError } from '../../operator/errors.ts';
import type { ErrorCode } from '../../operator/errors.ts';
import type { ConfigObservation } from '../../operator/nacos/config-snapshot.ts';

export const key = { namespaceId: '', group: 'g', dataId: 'd' };
/** Of the same in a fake server. */
export const id = ' g d';
export const plain = { type: 'text', cas: 'none' } as const;

export function isCode(code: ErrorCode, message = /./): (error: unknown) => boolean {
  return (error) => isBridgeError(error, code) && message.test(error.message);
}

export function shown(observation: ConfigObservation): string {
  return observation.kind === 'present' ? observation.snapshot.content : '(absent)';
}
