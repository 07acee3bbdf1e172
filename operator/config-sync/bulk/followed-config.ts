/**
 * A dataId that was found: the key that it means, and what Nacos serves of it.
 */
import type { Clock } from '../../clock.ts';
import type { BridgeError } from '../../errors.ts';
import type { ConfigName, ConfigObservation, NacosClient } from '../../nacos/index.ts';
import type { KeyRef } from './mapping.ts';

export interface FollowedConfig {
  readonly config: ConfigName;
  readonly ref: KeyRef;
  /** Undefined until it was read, and while it is late. */
  readonly observation: ConfigObservation | undefined;
  /** Found only just now, and not served yet: it is not absent, and its watch may have nothing more to tell. */
  readonly isLate: boolean;
  /** Why it cannot be read at present. */
  readonly lastError: BridgeError | undefined;
  stop(): void;
}

/** A list is of the database of Nacos, and what it has may be served a moment later: tens of milliseconds, mostly. */
const SERVED_WITHIN_MS = 2000;

/** `onChange` is told of every version, of the one of now first. */
export function followConfig(
  { config, ref }: Pick<FollowedConfig, 'config' | 'ref'>,
  { client, namespaceId, clock }: { client: NacosClient; namespaceId: string; clock: Clock },
  onChange: () => void,
): FollowedConfig {
  const foundMs = clock.monotonic();
  let wasServed = false;
  const watch = client.config.watch({ namespaceId, ...config }, ({ kind }) => {
    wasServed ||= kind === 'present';
    onChange();
  });
  return {
    config,
    ref,
    get observation() {
      return this.isLate ? undefined : watch.current;
    },
    get isLate() {
      return !wasServed && watch.current?.kind === 'absent' && clock.monotonic() - foundMs < SERVED_WITHIN_MS;
    },
    get lastError() {
      return watch.lastError;
    },
    stop: () => watch.stop(),
  };
}
