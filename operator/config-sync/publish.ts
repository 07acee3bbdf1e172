/**
 * From Kubernetes to Nacos: observes, plans and applies one declared config.
 *
 * Every write is compare-and-swap. A lost race is no error of anybody: the watch brings the new content, and the
 * decision is taken again on it.
 */
import type { NacosConfig } from '../api/resources.ts';
import { isBridgeError } from '../errors.ts';
import { validateSyntax, type DeclaredContent } from './declared.ts';
import type { PublishIntent } from './intent.ts';
import { ownershipOf, tagsToPublish, withoutMarks, type RemoteMetadata } from './ownership.ts';
import { needsOwnership, planConfig, type Cas, type ConfigPlan, type PlanInput } from './plan.ts';
import { readMetadata } from './remote.ts';
import { IN_SYNC, type SyncReport } from './report.ts';
import type { ConfigSession } from './session.ts';

export interface Publication {
  resource: NacosConfig;
  intent: PublishIntent;
  declared: DeclaredContent;
  session: ConfigSession;
  /** The mark of ownership of this NacosConfig. */
  mark: string;
}

/** @throws BridgeError INVALID_CONTENT, with line and column, before anything is sent. */
export function validateOnce({ intent, declared, session }: Publication): void {
  if (!intent.validateSyntax || session.validMd5 === declared.md5) return;
  validateSyntax(intent, declared.content);
  session.validMd5 = declared.md5;
}

export interface PlannedPublication {
  plan: ConfigPlan;
  /** What Nacos tells of the dataId besides its content, read just now; undefined when not needed or not told. */
  remote: RemoteMetadata | undefined;
}

/**
 * What was read of tags and description an hour ago may have been edited since, and Nacos replaces all of it at every
 * publish: so it is read before each.
 */
export async function planPublication(publication: Publication): Promise<PlannedPublication> {
  const { resource, intent, declared, session, mark } = publication;
  const { md5: nacosMd5, isServed } = session.held;
  const md5s = { declaredMd5: declared.md5, nacosMd5, baseMd5: session.baseMd5 };
  const specChanged = session.metadataGeneration !== resource.metadata.generation;
  const isRead = nacosMd5 !== undefined && (needsOwnership(md5s) || specChanged || nacosMd5 !== declared.md5);
  const remote = isRead ? await readMetadata(session.connection.client, session.address) : undefined;
  const input: PlanInput = {
    ...md5s,
    ownership: ownershipOf(remote, mark),
    lastWriter: lastWriter(remote),
    isServed,
    metadataDiffers: specChanged && remote !== undefined && metadataDiffers(intent, remote),
    driftPolicy: intent.driftPolicy,
    adoptionPolicy: intent.adoptionPolicy,
  };
  return { plan: planConfig(input), remote };
}

/** Writes to Nacos what the plan says, and returns what is to be reported. */
export async function applyPlan(
  plan: ConfigPlan,
  publication: Publication,
  remote: RemoteMetadata | undefined,
): Promise<SyncReport> {
  const { resource, declared, session } = publication;
  const report = { observedMd5: declared.md5, nacosMd5: session.held.md5, syncedMd5: session.baseMd5, wrote: false };
  const notDrifted = { status: 'False', reason: 'NoDrift', message: 'Nobody else changed the dataId' } as const;
  switch (plan.kind) {
    case 'in-sync':
    case 'publish': {
      if (plan.kind === 'publish') await publish(plan.cas, publication, remote);
      session.baseMd5 = declared.md5;
      session.metadataGeneration = resource.metadata.generation;
      const message = `Nacos holds the declared content (md5 ${declared.md5})`;
      return {
        ...report,
        synced: { status: 'True', reason: IN_SYNC, message },
        drifted: notDrifted,
        nacosMd5: declared.md5,
        syncedMd5: declared.md5,
        wrote: plan.kind === 'publish',
      };
    }
    case 'drifted': {
      const { reason, message } = plan;
      return {
        ...report,
        synced: { status: 'False', reason: 'Drifted', message },
        drifted: { status: 'True', reason, message },
      };
    }
    case 'conflict':
      return { ...report, synced: { status: 'False', reason: 'Conflict', message: plan.message } };
  }
}

async function publish(cas: Cas, publication: Publication, remote: RemoteMetadata | undefined): Promise<void> {
  const { intent, declared, session, mark } = publication;
  // What the resource does not declare stays as it is in Nacos.
  const metadata: RemoteMetadata = {
    tags: tagsToPublish(intent.tags, remote, mark),
    description: intent.description ?? remote?.description ?? '',
    appName: intent.appName ?? remote?.appName ?? '',
    type: intent.format,
    srcUser: mark,
    srcIp: '',
  };
  try {
    const isBlind = cas === 'create-only' && session.mustCreateBlindly;
    await session.publish(declared.content, declared.md5, metadata, isBlind ? 'none' : cas);
  } catch (error) {
    // Refused by compare-and-swap, or perhaps done, perhaps by half: the next decision is taken on what is stored.
    if (isBridgeError(error, 'NACOS_CAS_FAILED', 'NACOS_FAILED', 'TIMEOUT')) await session.consultDatabase();
    throw error;
  }
}

/** Whether Nacos holds other tags, description, appName or type than those that are declared. */
export function metadataDiffers(intent: PublishIntent, remote: RemoteMetadata): boolean {
  return (
    (intent.tags !== undefined && !sameSet(intent.tags, withoutMarks(remote.tags))) ||
    (intent.description !== undefined && intent.description !== remote.description) ||
    (intent.appName !== undefined && intent.appName !== remote.appName) ||
    (intent.declaresFormat && intent.format !== remote.type)
  );
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return new Set(a).size === new Set(b).size && a.every((item) => b.includes(item));
}

/** For messages: who wrote last, as far as the server tells. */
export function lastWriter(metadata: RemoteMetadata | undefined): string {
  if (metadata === undefined) return '';
  const { srcUser, srcIp } = metadata;
  if (srcUser === '') return srcIp;
  return srcIp === '' ? `'${srcUser}'` : `'${srcUser}' from ${srcIp}`;
}
