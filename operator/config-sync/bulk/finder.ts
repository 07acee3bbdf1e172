/**
 * The dataIds of one NacosConfigSync: found by all its patterns, each told once, and gone when no pattern finds it any more.
 */
import type { NacosConfigSync } from '../../api/resources.ts';
import type { ConnectionHandle } from '../../connections/connection-directory.ts';
import type { BridgeError } from '../../errors.ts';
import {
  type ConfigDiscovery,
  type ConfigName,
  type DiscoveryChange,
  nameText,
  normaliseNamespaceId,
} from '../../nacos/index.ts';
import { isPlaceConfig } from '../base/nacos-place.ts';

export interface FinderOptions {
  readonly connection: ConnectionHandle;
  readonly namespaceId: string;
  readonly patterns: readonly ConfigName[];
  readonly onAdded: (names: readonly ConfigName[]) => void;
  readonly onRemoved: (names: readonly ConfigName[]) => void;
  /** The mode, or what is known as a whole. */
  readonly onState: () => void;
}

export class Finder {
  readonly #options: FinderOptions;
  readonly #discoveries: readonly ConfigDiscovery[];
  /** How many patterns find each dataId; each tells once that it does, and once that it does no more. */
  readonly #found = new Map<string, number>();

  constructor(options: FinderOptions) {
    const { connection, namespaceId, patterns } = options;
    this.#options = options;
    const { config } = connection.client;
    const heard = (change: DiscoveryChange) => this.#heard(change);
    this.#discoveries = patterns.map((pattern) => config.discover({ namespaceId, ...pattern }, heard));
  }

  /** `Listing` as soon as one pattern has to be listed; undefined before anything was tried. */
  get mode(): 'FuzzyWatch' | 'Listing' | undefined {
    const modes = this.#discoveries.map(({ state }) => state.mode);
    return modes.includes('Listing') ? 'Listing' : modes[0];
  }

  /** Whether what was not found does not exist. */
  get isComplete(): boolean {
    return this.#discoveries.every(({ state }) => state.isComplete);
  }

  get lastError(): BridgeError | undefined {
    return this.#discoveries.map(({ state }) => state.lastError).find((error) => error !== undefined);
  }

  stop(): void {
    for (const discovery of this.#discoveries) discovery.stop();
  }

  #heard({ added, removed }: DiscoveryChange): void {
    const { onAdded, onRemoved, onState } = this.#options;
    const isConfig = (name: ConfigName) => !isPlaceConfig(name);
    const news = added.filter(isConfig).filter((name) => this.#count(nameText(name), 1) === 1);
    const gone = removed.filter(isConfig).filter((name) => this.#count(nameText(name), -1) === 0);
    if (news.length > 0) onAdded(news);
    if (gone.length > 0) onRemoved(gone);
    onState();
  }

  #count(text: string, change: 1 | -1): number {
    const patterns = (this.#found.get(text) ?? 0) + change;
    if (patterns === 0) this.#found.delete(text);
    else this.#found.set(text, patterns);
    return patterns;
  }
}

/** What to look for: what the spec says, within what the mapping can mean. */
export function patternsOf({ spec }: NacosConfigSync, mapped: readonly ConfigName[]): ConfigName[] {
  const { groups, dataIds } = spec.nacos ?? {};
  if (groups === undefined && dataIds === undefined) return [...mapped];
  const wantedGroups = groups ?? [...new Set(mapped.map(({ group }) => group))];
  const wantedDataIds = dataIds ?? [...new Set(mapped.map(({ dataId }) => dataId))];
  return wantedGroups.flatMap((group) => wantedDataIds.map((dataId) => ({ group, dataId })));
}

/** Which Nacos namespace a NacosConfigSync means. */
export function namespaceIdOf({ spec }: NacosConfigSync, connection: ConnectionHandle): string {
  return normaliseNamespaceId(spec.namespaceId ?? connection.namespaceId);
}
