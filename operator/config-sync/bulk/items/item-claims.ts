/**
 * Which NacosConfigSync of this cluster has a dataId, of several that want it: the one whose inventory has it; of several
 * such ones the oldest. A NacosConfig has it before all of them (claims.ts).
 *
 * After a start none has read its objects yet; of those that have not, `unread` tells whether one may want a dataId, by its
 * spec. The marks of all that were seen are remembered: what one of them wrote and gave up is ours.
 */
import type { NacosConfigSync } from '../../../api/resources.ts';
import type { ConnectionHandle } from '../../../connections/connection-directory.ts';
import { isBridgeError } from '../../../errors.ts';
import { objectKey } from '../../../kube/resource.ts';
import { type ConfigName, wildcard } from '../../../nacos/index.ts';
import { isSameNacos, type Where } from '../../base/nacos-place.ts';
import type { Claims } from '../../claims.ts';
import type { Rivals } from '../../decide.ts';
import { compileMapping } from '../mapping.ts';
import type { Outcome } from '../tally.ts';
import type { SyncItem } from './sync-item.ts';

/** One sync at work. */
export interface ItemHolder {
  /** `namespace/name`. */
  readonly key: string;
  readonly createdAt: string;
  readonly where: Where;
  /** Whether its inventory has the item. */
  hasEntry(id: string): boolean;
  wants(id: string): boolean;
  /** Something that decides about it has changed. */
  look(id: string): void;
}

/** The NacosConfigSyncs there are. */
export interface KnownSyncs {
  readonly list: () => readonly NacosConfigSync[];
  /** Undefined while its connection cannot be used. */
  readonly whereOf: (sync: NacosConfigSync) => Where | undefined;
}

export class ItemClaims {
  readonly #syncs: KnownSyncs;
  /** The keys of those whose objects are all known. */
  readonly #read = new Set<string>();
  readonly #holders = new Map<string, Set<ItemHolder>>();
  /** Of all syncs that are at work, or were. */
  readonly marks = new Set<string>();

  constructor(syncs: KnownSyncs) {
    this.#syncs = syncs;
  }

  /** Whether a sync knows all its objects. */
  setRead(key: string, isRead: boolean): void {
    if (isRead) this.#read.add(key);
    else this.#read.delete(key);
  }

  /** The key of a sync that does not know yet whether it wants the dataId there, if any. */
  unread(config: ConfigName, where: Where): string | undefined {
    const sync = this.#syncs.list().find((one) => {
      if (one.metadata.deletionTimestamp !== undefined || this.#read.has(objectKey(one))) return false;
      const there = this.#syncs.whereOf(one);
      return there !== undefined && isSameNacos(there, where) && mayPublish(one, config);
    });
    return sync && objectKey(sync);
  }

  claim(id: string, holder: ItemHolder): void {
    this.#holders.set(id, (this.#holders.get(id) ?? new Set()).add(holder));
  }

  release(id: string, holder: ItemHolder): void {
    const holders = this.#holders.get(id);
    holders?.delete(holder);
    if (holders?.size === 0) this.#holders.delete(id);
    else this.changed(id);
  }

  /** A NacosConfig of this name has come or gone. */
  changed(id: string): void {
    for (const holder of this.#holders.get(id) ?? []) holder.look(id);
  }

  /** The key of who has it, if that is another one. */
  ownerOf(id: string, holder: ItemHolder): string | undefined {
    const all = [...(this.#holders.get(id) ?? [])].filter(
      (one) => one === holder || (one.wants(id) && isSameNacos(one.where, holder.where)),
    );
    const rank = (one: ItemHolder) => [one.hasEntry(id) ? 0 : 1, one.createdAt, one.key].join(' ');
    const [first] = all.sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
    return first === undefined || first === holder ? undefined : first.key;
  }

  /** Whether a sync wants it there. */
  isWanted(id: string, where: Where): boolean {
    return [...(this.#holders.get(id) ?? [])].some((one) => one.wants(id) && isSameNacos(one.where, where));
  }
}

export interface Claimants {
  readonly claims: ItemClaims;
  readonly configs: Pick<Claims, 'holderOf' | 'isClaimed' | 'isGone'>;
  readonly connection: ConnectionHandle;
}

/** How an item of `holder` fares that somebody else in this cluster has; undefined where it is the holder's. */
export function takenBy({ config, id }: SyncItem, holder: ItemHolder, claimants: Claimants): Outcome | undefined {
  const { claims, configs, connection } = claimants;
  const what = `dataId '${config.dataId}' of group '${config.group}'`;
  const { namespaceId } = holder.where;
  const byConfig = configs.holderOf(connection, { namespaceId, ...config });
  if (byConfig !== undefined) return outcome('taken', 'TakenOver', `NacosConfig '${byConfig}' declares ${what}`);
  const bySync = claims.ownerOf(id, holder);
  if (bySync === undefined) return undefined;
  return outcome('conflict', 'Conflict', `NacosConfigSync '${bySync}' publishes ${what}, and had it first`);
}

/** For who has the dataId: what the other ones wrote, and have given up, counts as ours. */
export function rivalsOf({ claims, configs }: Claimants): Rivals {
  const isHandedOver = (mark: string) => claims.marks.has(mark) || configs.isGone(mark);
  return { isGivenUp: () => false, isHandedOver, nameOf: () => undefined };
}

function outcome(state: Outcome['state'], reason: string, message: string): Outcome {
  return { state, reason, message, md5: undefined };
}

/** Whether the mapping of a sync has a key for the dataId, whatever objects there are. */
function mayPublish({ metadata, spec }: NacosConfigSync, { dataId, group }: ConfigName): boolean {
  if (spec.source === 'Nacos') return false;
  try {
    const { patterns } = compileMapping(spec, metadata.namespace ?? '');
    return patterns.some((pattern) => wildcard(pattern.group)(group) && wildcard(pattern.dataId)(dataId));
  } catch (error) {
    if (!isBridgeError(error)) throw error;
    return false;
  }
}
