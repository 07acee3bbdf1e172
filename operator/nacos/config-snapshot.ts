/**
 * One version of a configuration, and what a watcher sees of a key at one moment.
 */
import { hash } from 'node:crypto';

export interface ConfigSnapshot {
  readonly content: string;
  /** Lower-case hex, over the UTF-8 bytes of the stored content: Nacos' version of it, and the base of compare-and-swap. */
  readonly md5: string;
  /**
   * The server's clock; whole seconds where it stores into MySQL. Undefined until the version is read: after our own
   * write, and where a server has confirmed no more than its md5.
   */
  readonly lastModifiedMs?: number;
}

/** With all that a server tells when it is asked for the content. */
export interface ReadSnapshot extends ConfigSnapshot {
  /** `yaml`, `json`, `properties`, `xml`, `html`, `toml`, `text`, `unset`. */
  readonly type: string;
  readonly lastModifiedMs: number;
}

export type ConfigObservation =
  { readonly kind: 'present'; readonly snapshot: ConfigSnapshot } | { readonly kind: 'absent' };

/** The md5 that the protocol uses for a config that does not exist. */
export const absentMd5 = '';

export function md5Of(content: string): string {
  return hash('md5', content);
}

/** What a server that holds `content` would be observed to hold. */
export function observationOfContent(content: string): ConfigObservation {
  return { kind: 'present', snapshot: { content, md5: md5Of(content) } };
}

export function observationOf(snapshot: ConfigSnapshot | undefined): ConfigObservation {
  return snapshot ? { kind: 'present', snapshot } : { kind: 'absent' };
}

export function md5OfObservation(observation: ConfigObservation): string {
  return observation.kind === 'present' ? observation.snapshot.md5 : absentMd5;
}

/** `observation` with the very text of `before` where both have the same content: equal content is in memory once. */
export function sharingContent(
  observation: ConfigObservation,
  before: ConfigObservation | undefined,
): ConfigObservation {
  if (observation === before || before?.kind !== 'present' || observation.kind !== 'present') return observation;
  const { content, md5 } = before.snapshot;
  if (observation.snapshot.md5 !== md5) return observation;
  return { kind: 'present', snapshot: { ...observation.snapshot, content } };
}
