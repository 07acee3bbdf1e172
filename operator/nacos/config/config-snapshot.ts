/**
 * One version of a configuration, and what a watcher sees of a key at one moment.
 */
import { hash } from 'node:crypto';

interface ConfigVersion {
  /** Lower-case hex, over the UTF-8 bytes of the stored content: Nacos' version of it, and the base of compare-and-swap. */
  readonly md5: string;
  /**
   * The server's clock; whole seconds where it stores into MySQL. Undefined until the version is read: after our own
   * write, and where a server has confirmed no more than its md5.
   */
  readonly lastModifiedMs?: number;
  /** Undefined where it was not read, or is not in memory any more. */
  readonly content?: string;
}

interface ConfigSnapshot extends ConfigVersion {
  readonly content: string;
}

/** With all that a server tells when it is asked for the content. */
export interface ReadSnapshot extends ConfigSnapshot {
  /** `yaml`, `json`, `properties`, `xml`, `html`, `toml`, `text`, `unset`. */
  readonly type: string;
  readonly lastModifiedMs: number;
}

type Observed<Version> = { readonly kind: 'present'; readonly snapshot: Version } | { readonly kind: 'absent' };

/** What a key holds, with its content. */
export type ConfigObservation = Observed<ConfigSnapshot>;
/** Which version a key holds. */
export type VersionObservation = Observed<ConfigVersion>;

/** The md5 that the protocol uses for a config that does not exist. */
export const absentMd5 = '';

export function md5Of(content: string): string {
  return hash('md5', content);
}

export function observationOf(snapshot: ConfigSnapshot | undefined): ConfigObservation {
  return snapshot ? { kind: 'present', snapshot } : { kind: 'absent' };
}

/** What a server that names this md5 is known to hold. */
export function observationOfMd5(md5: string): VersionObservation {
  return md5 === absentMd5 ? { kind: 'absent' } : { kind: 'present', snapshot: { md5 } };
}

export function md5OfObservation(observation: VersionObservation): string {
  return observation.kind === 'present' ? observation.snapshot.md5 : absentMd5;
}

/** Undefined where there is content and it is not in memory. */
export function wholeOf(observation: VersionObservation): ConfigObservation | undefined {
  return observation.kind === 'absent' || hasContent(observation.snapshot)
    ? (observation as ConfigObservation)
    : undefined;
}

export function withoutContent(observation: VersionObservation): VersionObservation {
  if (observation.kind === 'absent' || !hasContent(observation.snapshot)) return observation;
  const { md5, lastModifiedMs } = observation.snapshot;
  return { kind: 'present', snapshot: { md5, lastModifiedMs } };
}

function hasContent(version: ConfigVersion): version is ConfigSnapshot {
  return version.content !== undefined;
}
