/**
 * Takes all that one shard names from Nacos, where it was published, and lets the shard go: when its NacosConfigSync is
 * deleted, and when that has moved to another connection or Nacos namespace.
 *
 * What somebody else in this cluster wants there stays for that one. Nothing is written down on the way: what is gone already
 * is found to be so by who begins again.
 */
import type { NacosConfigInventory } from '../../../api/resources.ts';
import type { ConnectionDirectory, ConnectionHandle } from '../../../connections/connection-directory.ts';
import { connectionKey } from '../../../connections/connection-key.ts';
import type { ConfigKey } from '../../../nacos/index.ts';
import { BridgeError } from '../../../errors.ts';
import type { Term } from '../../../runtime/term.ts';
import { isSamePlace } from '../../base/nacos-place.ts';
import type { NacosPlaces } from '../../base/nacos-places.ts';
import { removeOwn } from '../../finalize.ts';
import { forEachBounded } from '../bounded.ts';
import { entryOf } from '../inventory/entry.ts';
import { placeOf } from '../inventory/header.ts';
import type { ShardClient } from '../inventory/shard-client.ts';

export interface ShardRemoval {
  readonly shards: ShardClient;
  /** Of the sync. */
  readonly namespace: string;
  readonly connections: ConnectionDirectory;
  readonly places: Pick<NacosPlaces, 'at'>;
  readonly mark: string;
  /** Whether a NacosConfig or a NacosConfigSync of this cluster declares a dataId, also one that has not published it yet. */
  readonly isClaimed: (connection: ConnectionHandle, address: ConfigKey) => boolean;
  readonly term: Pick<Term, 'isCurrent'>;
  /** An entry is dealt with. */
  readonly onDone?: () => void;
}

/** What became of the dataIds. */
export interface Removed {
  removed: number;
  /** Why those that stay do. */
  readonly left: string[];
}

const REMOVALS_AT_ONCE = 20;

/** Counts in `told`. @throws BridgeError why something could not be removed; the shard stays then. */
export async function removeShard(
  stored: NacosConfigInventory,
  { connections, isClaimed, mark, namespace, onDone, places, shards, term }: ShardRemoval,
  told: Removed,
  signal: AbortSignal,
): Promise<void> {
  const { entries: lines = [], header } = stored.status ?? {};
  if (header === undefined) return shards.letGo(stored);
  const connection = connections.find(connectionKey(namespace, header.connection));
  const place = placeOf(header);
  const { namespaceId } = place;
  const isHere = isSamePlace(place, await places.at(connection, namespaceId));
  const confirm = async () => {
    if (!term.isCurrent()) throw new BridgeError('ABORTED', 'Another replica may lead by now');
  };
  const entries = lines.map(entryOf).filter((entry) => entry !== undefined);
  const failures = await forEachBounded(entries, REMOVALS_AT_ONCE, signal, async ({ base, config }) => {
    const address = { namespaceId, ...config };
    const leave = (why: string) => told.left.push(`dataId '${config.dataId}' of group '${config.group}': ${why}`);
    const isAllowed = connection.allowance.allowsConfig(namespace, address);
    if (!isAllowed) leave('Left the dataId in Nacos: the connection does not allow it any more');
    else if (!isClaimed(connection, address)) {
      const plan = await removeOwn(connection, address, { base: isHere ? base : undefined, mark, confirm });
      if (plan.kind === 'remove') told.removed += 1;
      if (plan.kind === 'leave') leave(plan.message);
    }
    onDone?.();
  });
  if (failures[0]) throw failures[0].error;
  await shards.letGo(stored);
}
