/**
 * Which connection a service belongs to. What a connection holds goes over the wire between the servers of a cluster
 * whenever a part of it changes, and is lost together, so a connection holds a limited number of instances.
 *
 * | the service …                                | goes to                                              |
 * | -------------------------------------------- | ---------------------------------------------------- |
 * | is on a shard and still fits, or is alone    | where it is                                          |
 * | fits on other shards                         | the fullest of them, so that others may become empty |
 * | is larger than the limit, and one is empty   | the empty one, to be alone                           |
 * | fits nowhere                                 | a new shard                                          |
 */
interface ShardLoad {
  /** Of all services there but the one in question. */
  readonly otherInstances: number;
  readonly isHome: boolean;
}

/** The index of the shard to use, or 'new'. */
export function placeService(instances: number, shards: readonly ShardLoad[], limit: number): number | 'new' {
  const fits = ({ otherInstances }: ShardLoad): boolean => otherInstances === 0 || otherInstances + instances <= limit;
  const home = shards.findIndex((shard) => shard.isHome && fits(shard));
  if (home !== -1) return home;
  let best: number | 'new' = 'new';
  for (const [index, shard] of shards.entries()) {
    const isFuller = best === 'new' || shard.otherInstances > shards[best]!.otherInstances;
    if (!shard.isHome && fits(shard) && isFuller) best = index;
  }
  return best;
}
