/**
 * One NacosConfigSync at work: what it has in memory, and the pass that brings both sides together.
 *
 * It is made anew when the spec or the connection changes, and after a restart; nothing in it is needed to be right.
 */
import type { NacosConfigSync } from '../../api/resources.ts';
import type { Clock } from '../../clock.ts';
import type { ConnectionHandle } from '../../connections/connection-directory.ts';
import type { BridgeError } from '../../errors.ts';
import type { KubeObject } from '../../kube/resource.ts';
import type { StoreChange } from '../../kube/store.ts';
import type { Logger } from '../../logger.ts';
import type { MirrorAccess } from '../mirror/mirror-access.ts';
import type { MirrorKind } from '../mirror/mirror-target.ts';
import type { Finder } from './finder.ts';
import type { FoundPlace } from './found-place.ts';
import type { Mapping } from './mapping.ts';
import type { Outcome, Tally } from './tally.ts';

export interface RunningSync {
  readonly tally: Tally;
  /** Of Nacos; undefined where nothing has to be found there. */
  readonly finder?: Finder | undefined;
  /** Whether all items are known, so that the counts mean something. */
  readonly isComplete: boolean;
  /** What keeps items from being settled, although each pass ends. */
  readonly trouble?: BridgeError | undefined;
  /** Items that the guard keeps from being removed. */
  readonly held: number;
  /** Undefined where nothing is found in Nacos. */
  readonly place?: FoundPlace;
  /** Does what has to be done. Resolves with the time after which there is more to do even if nothing happens. */
  pass(sync: NacosConfigSync, log: Logger, signal: AbortSignal): Promise<{ nextMs: number | undefined }>;
  /** One item, where each is settled by itself. */
  settle?(id: string, log: Logger): Promise<{ requeueAfterMs: number } | undefined>;
  /** A shard of the inventory came, changed or went. */
  shardChanged?(change: StoreChange<KubeObject>): void;
  stop(): Promise<void>;
}

export interface RunningSyncOptions {
  readonly sync: NacosConfigSync;
  readonly mapping: Mapping;
  readonly connection: ConnectionHandle;
  /** When items went, for the guard: it outlives a change of the spec. */
  readonly goneMs: number[];
  readonly clock: Clock;
  /** There is something to do. */
  readonly onWork: () => void;
  /** Something was written, for an event. */
  readonly onWritten: (note: string) => void;
  /** Something is wrong with a key of an object, for an event on that. */
  readonly onProblem: (object: KubeObject, outcome: Outcome) => void;
  /** Something that we published is left in Nacos, for an event. */
  readonly onLeft: (note: string) => void;
}

/** Objects as a sync from Nacos reads and writes them. */
export type ObjectAccess = Readonly<Record<MirrorKind, MirrorAccess>>;
