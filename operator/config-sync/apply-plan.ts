/**
 * Does what was decided: writes to Nacos, or to where Kubernetes declares the content, and says what is to be reported.
 *
 * Every write is compare-and-swap, by md5 in Nacos and by resourceVersion in Kubernetes. A lost race is no error of
 * anybody: the watches bring the new content, and the decision is taken again on it.
 */
import { isBridgeError } from '../errors.ts';
import type { Verdict } from '../kube/conditions.ts';
import type { Cas, ConfigPlan } from './plan.ts';
import type { Decision, NacosView } from './decide.ts';
import { metadataToPublish, toSend } from './remote.ts';
import { IN_SYNC, type SyncReport } from './report.ts';
import type { Subject } from './subject.ts';
import { checkContent } from './validation.ts';

/** @throws BridgeError INVALID_CONTENT before anything is written. */
export async function applyPlan({ plan, nacos }: Decision, subject: Subject): Promise<SyncReport> {
  switch (plan.kind) {
    case 'in-sync':
      return inSync(subject, nacos.md5, false);
    case 'publish':
      await publish(plan.cas, subject, nacos);
      return inSync(subject, subject.declared.md5, true);
    case 'write-back':
      return inSync(subject, await writeBack(subject, nacos), true);
    case 'drifted':
    case 'conflict':
    case 'remote-missing':
      return apart(plan, subject, nacos);
  }
}

async function publish(cas: Cas, { intent, declared, session, mark }: Subject, nacos: NacosView): Promise<void> {
  if (declared.kind === 'absent') return;
  const metadata = metadataToPublish(intent, nacos.metadata, mark);
  try {
    const isBlind = cas === 'create-only' && session.mustCreateBlindly;
    const options = { ...toSend(intent, metadata, nacos.metadata), cas: isBlind ? 'none' : cas } as const;
    await session.publish(declared.content, declared.md5, metadata, options);
  } catch (error) {
    // Refused by compare-and-swap, or perhaps done, perhaps by half: the next decision is taken on what is stored.
    if (isBridgeError(error, 'NACOS_CAS_FAILED', 'NACOS_FAILED', 'TIMEOUT')) await session.consultDatabase();
    throw error;
  }
}

/** Returns the md5 that both sides have then. */
async function writeBack({ intent, place, declared, session }: Subject, nacos: NacosView): Promise<string> {
  const { md5 } = nacos;
  if (md5 === undefined) throw new TypeError('there is nothing to write back');
  const content = nacos.content ?? (await session.contentOf(md5));
  checkContent(content, intent, place);
  await place.write(content, declared);
  return md5;
}

/** Both sides have `md5` now. */
function inSync({ resource, intent, session }: Subject, md5: string | undefined, wrote: boolean): SyncReport {
  session.common(md5);
  session.metadataGeneration = resource.metadata.generation;
  const notDrifted: Verdict = { status: 'False', reason: 'NoDrift', message: 'Nobody else changed the dataId' };
  const holders = intent.source === 'Both' ? 'Both sides hold the same content' : 'Nacos holds the declared content';
  return {
    synced: { status: 'True', reason: IN_SYNC, message: `${holders} (md5 ${md5})` },
    drifted: intent.source === 'Both' ? undefined : notDrifted,
    observedMd5: md5,
    nacosMd5: md5,
    syncedMd5: md5,
    wrote,
  };
}

type PlanApart = ConfigPlan & { kind: 'drifted' | 'conflict' | 'remote-missing' };

const REASONS = { drifted: 'Drifted', conflict: 'Conflict', 'remote-missing': 'RemoteMissing' } as const;

/** The sides stay different. */
function apart(plan: PlanApart, { declared, session }: Subject, nacos: NacosView): SyncReport {
  return {
    synced: { status: 'False', reason: REASONS[plan.kind], message: plan.message },
    drifted: driftOf(plan),
    observedMd5: declared.md5,
    nacosMd5: nacos.md5,
    syncedMd5: session.baseMd5,
    wrote: false,
  };
}

function driftOf(plan: PlanApart): Verdict | undefined {
  const { message } = plan;
  if (plan.kind === 'drifted') return { status: 'True', reason: plan.reason, message };
  if (plan.kind === 'conflict' && plan.isDrift) return { status: 'True', reason: 'ChangedInNacos', message };
  return undefined;
}
