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
  /** The patterns that find each dataId. */
  readonly #found = new Map<string, Set<number>>();

  constructor(options: FinderOptions) {
    const { connection, namespaceId, patterns } = options;
    this.#options = options;
    this.#discoveries = patterns.map((pattern, index) =>
      connection.client.config.discover({ namespaceId, ...pattern }, (change) => this.#heard(index, change)),
    );
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

  #heard(index: number, { added, removed }: DiscoveryChange): void {
    const { onAdded, onRemoved, onState } = this.#options;
    const isNew = (name: ConfigName) => this.#claim(nameText(name), index);
    const isGone = (name: ConfigName) => this.#release(nameText(name), index);
    const [news, gone] = [added.filter(isNew), removed.filter(isGone)];
    if (news.length > 0) onAdded(news);
    if (gone.length > 0) onRemoved(gone);
    onState();
  }

  #claim(text: string, index: number): boolean {
    const by = this.#found.get(text);
    by?.add(index);
    if (by === undefined) this.#found.set(text, new Set([index]));
    return by === undefined;
  }

  #release(text: string, index: number): boolean {
    const by = this.#found.get(text);
    by?.delete(index);
    return by?.size === 0 && this.#found.delete(text);
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
