/**
 * One NacosConfig of the manifests against Nacos: the decision of the operator itself, as if the manifests had just been
 * applied, and nothing done.
 *
 * What both sides last had in common is known from the status in the cluster, where one is asked. Without, it is unknown,
 * and who owns a dataId is told by its mark in Nacos. Without a cluster id the marks cannot be told apart: any counts as
 * ours.
 */
import { isDeepStrictEqual } from 'node:util';
import type { NacosConfig } from '../api/resources.ts';
import { seenPlace } from '../config-sync/base/nacos-places.ts';
import { storedBase } from '../config-sync/base/recorded-bases.ts';
import { decideItem, type ConfigItem, type Decision } from '../config-sync/decide.ts';
import { compileIntent, keepRequestOf, type DeclaringIntent } from '../config-sync/intent.ts';
import type { ContentPlace } from '../config-sync/places/content-place.ts';
import { isMark, ownershipMark, readRemote } from '../config-sync/remote.ts';
import { ConfigSession, type SessionStart } from '../config-sync/session.ts';
import { checkUse } from '../config-sync/use.ts';
import { checkContent } from '../config-sync/validation.ts';
import type { ConnectionHandle } from '../connections/connection-directory.ts';
import { BridgeError, isBridgeError } from '../errors.ts';
import type { ConfigKey } from '../nacos/index.ts';
import type { ClusterReader } from './cluster-reader.ts';
import { ManifestPlace } from './manifest-place.ts';
import type { Entry, ManifestSet } from './manifest-set.ts';

export interface ComparisonContext {
  readonly set: ManifestSet;
  readonly cluster: ClusterReader | undefined;
  /** Undefined when nobody knows it. */
  readonly clusterId: string | undefined;
  readonly connectionOf: (entry: Entry<'NacosConfig'>) => Promise<ConnectionHandle>;
  /** For the first read of a dataId. */
  readonly timeoutMs: number;
}

export type Comparison =
  | { readonly kind: 'decided'; readonly decision: Decision; readonly item: ConfigItem }
  /** Nothing is published, and why. */
  | { readonly kind: 'not-published'; readonly message: string };

/** A read of the database that differs from what the server serves is repeated. */
const ATTEMPTS = 5;

/** @throws BridgeError NOT_ALLOWED for what its connection does not allow, and why else it cannot be compared. */
export async function compareConfig(entry: Entry<'NacosConfig'>, context: ComparisonContext): Promise<Comparison> {
  const { namespace = '', name } = entry.object.metadata;
  const connection = await context.connectionOf(entry);
  const intent = compileIntent(entry.object, connection.namespaceId);
  checkUse(connection, namespace, intent.address);
  if (intent.suspend) return { kind: 'not-published', message: 'it is suspended' };
  if (intent.source === 'Nacos') return { kind: 'not-published', message: 'Nacos decides about its content' };
  const place = placeOf(intent, entry, context);
  const declared = await place.read();
  if (declared.kind === 'present') await checkContent(await declared.content(), intent, place);
  const stored = await context.cluster?.config(namespace, name);
  const generation = stored?.metadata.generation ?? 1;
  const mark = await markOf(context.clusterId, entry.object, connection, intent.address);
  const start: SessionStart = {
    base: stored && storedBase(stored),
    metadataGeneration: isApplied(stored, entry.object) ? generation : undefined,
    expectedMd5: undefined,
  };
  const session = await openSession(connection, intent.address, start, context.timeoutMs);
  try {
    const keep = keepRequestOf(entry.object);
    const item: ConfigItem = { intent, generation, place, declared, session, mark, keep };
    return { kind: 'decided', decision: await decideFirmly(item), item };
  } finally {
    session.close();
  }
}

/** That of the files comes first: it is what would be applied. */
function placeOf(
  intent: DeclaringIntent,
  entry: Entry<'NacosConfig'>,
  { cluster, set }: ComparisonContext,
): ContentPlace {
  const { content } = intent;
  const place = ManifestPlace.of(content, entry, set);
  if (place.origin !== undefined || content.kind === 'inline') return place;
  if (cluster) return cluster.placeOf(entry.object.metadata.namespace ?? '', content);
  throw new BridgeError('REFERENCE_MISSING', `${place.title} is not among these files; give them all, or --kubeconfig`);
}

async function markOf(
  clusterId: string | undefined,
  { metadata }: NacosConfig,
  { client }: ConnectionHandle,
  address: ConfigKey,
): Promise<string> {
  const mark = ownershipMark(clusterId ?? '', metadata.namespace ?? '', metadata.name);
  if (clusterId !== undefined) return mark;
  const srcUser = (await readRemote(client, address)).metadata?.srcUser ?? '';
  return isMark(srcUser) ? srcUser : mark;
}

/** With what Nacos holds read. */
async function openSession(
  connection: ConnectionHandle,
  address: ConfigKey,
  start: SessionStart,
  timeoutMs: number,
): Promise<ConfigSession> {
  const read = Promise.withResolvers<void>();
  const place = await seenPlace(connection, address.namespaceId);
  const session = new ConfigSession(connection, address, place, start, () => read.resolve());
  const late = setTimeout(() => {
    const why = session.notReadBecause ?? new BridgeError('TIMEOUT', `no answer within ${timeoutMs} ms`);
    read.reject(why);
  }, timeoutMs);
  try {
    await read.promise;
    return session;
  } catch (error) {
    session.close();
    throw error;
  } finally {
    clearTimeout(late);
  }
}

/** Whether the operator has seen this very spec and has done what it says. */
function isApplied(stored: NacosConfig | undefined, { spec }: NacosConfig): boolean {
  const isSynced = stored?.status?.conditions?.some(({ status, type }) => type === 'Synced' && status === 'True');
  const isSeen = stored?.status?.observedGeneration === stored?.metadata.generation;
  return isSynced === true && isSeen && isDeepStrictEqual(stored?.spec, spec);
}

async function decideFirmly(item: ConfigItem): Promise<Decision> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await decideItem(item);
    } catch (error) {
      if (attempt === ATTEMPTS || !isBridgeError(error, 'NACOS_CAS_FAILED')) throw error;
    }
  }
}
