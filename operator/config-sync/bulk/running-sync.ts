/**
 * One NacosConfigSync at work: what it has in memory, and the pass that brings both sides together.
 *
 * It is made anew when the spec or the connection changes, and after a restart; nothing in it is needed to be right.
 */
import type { NacosConfig, NacosConfigSync } from '../../api/resources.ts';
import type { Clock } from '../../clock.ts';
import type { ConnectionHandle } from '../../connections/connection-directory.ts';
import type { ResourceClient } from '../../kube/resource-client.ts';
import type { KubeObject } from '../../kube/resource.ts';
import type { Store, StoreChange } from '../../kube/store.ts';
import type { Logger } from '../../logger.ts';
import type { MirrorAccess } from '../mirror/mirror-access.ts';
import type { MirrorKind } from '../mirror/mirror-target.ts';
import type { Finder } from './finder.ts';
import type { FoundPlace } from './found-place.ts';
import type { Mapping } from './mapping.ts';
import type { Tally } from './tally.ts';

export interface RunningSync {
  readonly tally: Tally;
  /** Of Nacos; undefined where nothing has to be found there. */
  readonly finder: Finder | undefined;
  /** Whether all items are known, so that the counts mean something. */
  readonly isComplete: boolean;
  /** Whether it has changed anything yet. */
  readonly hasWritten: boolean;
  /** Items that the guard keeps from being removed. */
  readonly held: number;
  /** Undefined where nothing is found in Nacos. */
  readonly place?: FoundPlace;
  /** Does what has to be done. Resolves with the time after which there is more to do even if nothing happens. */
  pass(sync: NacosConfigSync, log: Logger, signal: AbortSignal): Promise<{ nextMs: number | undefined }>;
  /** An object of the namespace came, changed or went. */
  objectChanged(kind: MirrorKind, name: string, change: StoreChange<KubeObject>): void;
  /** The NacosConfig of an item came, changed or went. Returns whether there is anything to do but to count. */
  childChanged?(previous: NacosConfig | undefined, current: NacosConfig | undefined): boolean;
  stop(): void;
}

/** What a running sync reaches the world by. */
export interface SyncWorld {
  readonly configs: Store<NacosConfig>;
  readonly configClient: ResourceClient<NacosConfig>;
  readonly objects: Readonly<Record<MirrorKind, MirrorAccess>>;
  /** Whether a NacosConnection names this Secret, by `namespace/name`. */
  readonly isLogin: (key: string) => boolean;
  readonly clock: Clock;
}

export interface RunningSyncOptions {
  readonly sync: NacosConfigSync;
  readonly mapping: Mapping;
  /** Undefined where only the NacosConfigs of the items need it. */
  readonly connection: ConnectionHandle | undefined;
  readonly world: SyncWorld;
  /** NacosConfigs that it controls already. */
  readonly children: readonly NacosConfig[];
  /** When items went, for the guard: it outlives a change of the spec. */
  readonly goneMs: number[];
  /** There is something to do. */
  readonly onWork: () => void;
  /** Something was written, for an event. */
  readonly onWritten: (note: string) => void;
}
