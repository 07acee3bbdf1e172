/** What the tests of the config client work with: one config, and how it shows. */
import { isBridgeError } from '../../../operator/errors.ts';
import type { ErrorCode } from '../../../operator/errors.ts';
import { md5Of } from '../../../operator/nacos/config/config-snapshot.ts';
import type { VersionObservation } from '../../../operator/nacos/config/config-snapshot.ts';

export const key = { namespaceId: '', group: 'g', dataId: 'd' };
/** Of the same in a fake server. */
export const id = ' g d';
export const plain = { type: 'text', cas: 'none' } as const;

export function isCode(code: ErrorCode, message = /./): (error: unknown) => boolean {
  return (error) => isBridgeError(error, code) && message.test(error.message);
}

export function shown(observation: VersionObservation): string {
  if (observation.kind === 'absent') return '(absent)';
  const { content, md5 } = observation.snapshot;
  return content ?? `md5 ${md5}`;
}

/** A version whose content is not in memory. */
export function shownByMd5(content: string): string {
  return `md5 ${md5Of(content)}`;
}
