/**
 * Brings one item and its dataId into line: what it declares is judged, what is to be done is decided, and done.
 *
 * What an item is and what its owner has to see to is said in decide.ts and apply.ts; whose it is, a NacosConfig's or a
 * NacosConfigSync's, is not known here.
 */
import type { Clock } from '../clock.ts';
import { BridgeError } from '../errors.ts';
import type { VersionObservation } from '../nacos/index.ts';
import { applyDecision, type ContentReport, type ItemOwner } from './apply.ts';
import type { PlaceNow } from './base/nacos-place.ts';
import type { NacosPlaces } from './base/nacos-places.ts';
import { decideItem, paused, validateItem, withAddress, type ConfigItem, type Decision } from './decide.ts';
import type { ConfigSession } from './session.ts';

export interface SettleOptions {
  readonly clock: Clock;
  /** The age at which what was read of tags and the like is read again, in milliseconds. */
  readonly metadataAgeMs: number;
  readonly places: Pick<NacosPlaces, 'isCurrent'>;
}

export interface Settled {
  readonly item: ConfigItem;
  readonly decision: Decision;
  readonly report: ContentReport;
}

/** While Nacos stores something that it does not serve. */
const RECHECK_MS = 2000;

/**
 * `place` is where the connection led when the item was read; undefined where only Nacos has a say.
 *
 * @throws BridgeError why it is not in line; a lost race where it is to be decided again.
 */
export async function settle(
  read: ConfigItem,
  owner: ItemOwner,
  place: PlaceNow | undefined,
  options: SettleOptions,
): Promise<Settled> {
  const { session } = read;
  const nowMs = options.clock.monotonic();
  session.metadataReadMs ??= nowMs;
  const checksMetadata = nowMs - session.metadataReadMs >= options.metadataAgeMs;
  const item = { ...read, checksMetadata };
  await validateItem(item);
  const decided = await decideItem(item);
  await checkPlace(decided, session, place, options);
  const decision = withAddress(paused(decided, item, nowMs), item);
  const report = await applyDecision(decision, item, owner);
  if (checksMetadata) session.metadataReadMs = nowMs;
  return { item, decision, report };
}

/**
 * What Nacos holds; undefined while its first answer is under way.
 *
 * @throws BridgeError CONNECTION_NOT_READY when nothing was read and nothing can be.
 */
export function observe(session: ConfigSession): VersionObservation | undefined {
  const { served, notReadBecause } = session;
  if (served !== undefined || notReadBecause === undefined) return served;
  throw session.notReady(notReadBecause);
}

/** After how many milliseconds what was settled is to be looked at again although nothing happens; or Infinity. */
export function againMs(session: ConfigSession, clock: Clock): number {
  const pauseMs = session.reverts.waitMs(clock.monotonic()) || Infinity;
  return Math.min(pauseMs, session.held.isServed ? Infinity : RECHECK_MS);
}

/**
 * A decision on what another Nacos held is not done. One that changes nothing is: nobody need hear that Nacos is away.
 *
 * @throws BridgeError CONNECTION_NOT_READY while it is; NACOS_CAS_FAILED when it has come back meanwhile.
 */
async function checkPlace(
  { observed, plan }: Decision,
  session: ConfigSession,
  place: PlaceNow | undefined,
  { places }: SettleOptions,
): Promise<void> {
  if (plan.kind === 'in-sync' && observed.md5 === session.baseMd5) return;
  if (place === undefined || (await places.isCurrent(session.connection, place))) return;
  if (session.notReadBecause) throw session.notReady(session.notReadBecause);
  throw new BridgeError('NACOS_CAS_FAILED', 'The connection was away meanwhile; it is decided again');
}
