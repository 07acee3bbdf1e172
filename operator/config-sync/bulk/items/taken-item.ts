/** Whether somebody else in this cluster has the dataId of an item: a NacosConfig, or another NacosConfigSync. */
import type { ConnectionHandle } from '../../../connections/connection-directory.ts';
import type { Claims } from '../../claims.ts';
import type { Outcome } from '../tally.ts';
import type { ItemClaims, ItemHolder } from './item-claims.ts';
import type { SyncItem } from './sync-item.ts';

export interface Claimants {
  readonly claims: ItemClaims;
  readonly configs: Pick<Claims, 'holderOf' | 'isClaimed' | 'isGone'>;
  readonly connection: ConnectionHandle;
}

/** How the item fares then; undefined where it is the holder's. */
export function takenBy(item: SyncItem, holder: ItemHolder, claimants: Claimants): Outcome | undefined {
  const { claims, configs, connection } = claimants;
  const { dataId, group } = item.config;
  const what = `dataId '${dataId}' of group '${group}'`;
  const { namespaceId } = holder.where;
  const byConfig = configs.holderOf(connection, { namespaceId, ...item.config });
  if (byConfig !== undefined) return outcome('taken', 'TakenOver', `NacosConfig '${byConfig}' declares ${what}`);
  const bySync = claims.ownerOf(item.id, holder);
  if (bySync === undefined) return undefined;
  return outcome('conflict', 'Conflict', `NacosConfigSync '${bySync}' publishes ${what}, and had it first`);
}

/** For who has the dataId: what the other ones wrote, and have given up, counts as ours. */
export function rivalsOf({ claims, configs }: Claimants) {
  return {
    isGivenUp: () => false,
    isHandedOver: (mark: string) => claims.isMark(mark) || configs.isGone(mark),
    nameOf: () => undefined,
  };
}

function outcome(state: Outcome['state'], reason: string, message: string): Outcome {
  return { state, reason, message, md5: undefined };
}
