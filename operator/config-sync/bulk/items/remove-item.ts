/**
 * Takes the dataId of an item that nothing wants any more from Nacos, if it is as we left it: what has our mark, and, where
 * nobody tells the mark, what we wrote and still is the base.
 *
 * Caveat: Nacos removes without comparing, so it is read just before; the window is one round trip.
 */
import type { ConnectionHandle } from '../../../connections/connection-directory.ts';
import { planFinalize, type FinalizePlan } from '../../finalize-plan.ts';
import { lastWriter, ownershipOf, readRemote } from '../../remote.ts';
import type { EntryBase, Item } from '../inventory/entry.ts';

export interface RemovalOptions {
  readonly connection: ConnectionHandle;
  readonly namespaceId: string;
  readonly base: EntryBase | undefined;
  readonly mark: string;
  /** Asked just before. @throws BridgeError KUBE_CONFLICT when it is wanted after all. */
  readonly confirm: () => Promise<void>;
}

export async function removeItem({ config }: Item, options: RemovalOptions): Promise<FinalizePlan> {
  const { base, confirm, connection, mark, namespaceId } = options;
  const { client } = connection;
  const address = { namespaceId, ...config };
  const { kind, md5, metadata } = await readRemote(client, address);
  const plan = planFinalize({
    nacosMd5: kind === 'unknown' ? (await client.config.read(address))?.md5 : md5,
    baseMd5: base?.md5,
    isBaseOurs: base?.isOurs,
    ownership: ownershipOf(metadata, mark),
    lastWriter: lastWriter(metadata),
  });
  if (plan.kind !== 'remove') return plan;
  await confirm();
  await client.config.remove(address);
  return plan;
}
