/**
 * Does what was decided about an item: writes to Nacos, or to where Kubernetes declares the content, and says what is to
 * be reported.
 *
 * Every write is compare-and-swap, by md5 in Nacos and by resourceVersion in Kubernetes. A lost race is no error of
 * anybody: the watches bring the new content, and the decision is taken again on it.
 */
import type { Verdict } from '../kube/conditions.ts';
import { BridgeError, isBridgeError } from '../errors.ts';
import type { Base } from './base/nacos-place.ts';
import type { ConfigItem, Decision } from './decide.ts';
import type { Cas, ConfigPlan, PlanApart } from './plan.ts';
import { metadataToPublish, toSend } from './remote.ts';
import type { ObservedConfig } from './session.ts';
import { checkContent } from './validation.ts';

/** Who has the item, and what must be durable there before anything is written. */
export interface ItemOwner {
  /**
   * Sees to it that the end of the item is not missed, and that what was decided may be done.
   *
   * @throws BridgeError KUBE_CONFLICT when the end has come, or another decision is due.
   */
  hold(decision: Decision): Promise<void>;
  /** Takes back the decision to keep a content. @throws BridgeError KUBE_CONFLICT when it is another by now. */
  dropKeep(): Promise<void>;
}

/** What became of the content; a verdict that is absent does not apply. */
export interface ContentReport {
  synced?: Verdict;
  drifted?: Verdict;
  /** Whether what both sides last had in common was written to Nacos by us. */
  owned?: Verdict;
  /** Declared in Kubernetes. */
  observedMd5?: string;
  nacosMd5?: string;
  base?: Base;
  /** Whether the two sides were made equal by writing to one of them. */
  wrote: boolean;
}

export const IN_SYNC = 'InSync';

/** @throws BridgeError INVALID_CONTENT before anything is written. */
export async function applyDecision(decision: Decision, item: ConfigItem, owner: ItemOwner): Promise<ContentReport> {
  const { plan, observed } = decision;
  await owner.hold(decision);
  await useUpKeep(decision, item, owner);
  switch (plan.kind) {
    case 'in-sync':
      return inSync(item, observed.md5, { wrote: false, isOurs: decision.isOurs });
    case 'publish':
      await publish(plan.cas, item, observed);
      return inSync(item, item.declared.md5, { wrote: true, isOurs: true });
    case 'write-back':
      return inSync(item, await writeBack(item, observed), { wrote: true, isOurs: item.session.base?.isOurs });
    case 'drifted':
    case 'conflict':
    case 'remote-missing':
      return apart(plan, item, observed);
  }
}

/**
 * The annotation was about one conflict; left, it might decide a later one that nobody has seen. So it goes before what
 * it decides is done, and the session remembers it until then. After a crash in between the conflict is told again.
 * One that came when both sides had that content already goes as well.
 */
async function useUpKeep({ plan, observed }: Decision, item: ConfigItem, owner: ItemOwner): Promise<void> {
  const { declared, keep, session } = item;
  if (keep.md5 === undefined || !isUsedUp(plan, keep.md5, observed)) return;
  await owner.dropKeep();
  session.keep = { md5: keep.md5, kubernetesMd5: declared.md5, nacosMd5: observed.md5 };
}

function isUsedUp(plan: ConfigPlan, keepMd5: string, observed: ObservedConfig): boolean {
  if (plan.kind === 'in-sync') return keepMd5 === observed.md5;
  return (plan.kind === 'publish' || plan.kind === 'write-back') && plan.decidedBy === 'annotation';
}

async function publish(
  cas: Cas,
  { intent, declared, session, mark }: ConfigItem,
  observed: ObservedConfig,
): Promise<void> {
  if (declared.kind === 'absent') return;
  const metadata = metadataToPublish(intent, observed.metadata, mark);
  const options = { ...toSend(intent, metadata), cas };
  await session.publish(await declared.content(), declared.md5, metadata, options);
}

/** Returns the md5 that both sides have then. */
async function writeBack({ intent, place, declared, session }: ConfigItem, observed: ObservedConfig): Promise<string> {
  const { md5 } = observed;
  if (md5 === undefined) throw new TypeError('there is nothing to write back');
  const content = observed.content ?? (await session.contentOf(md5));
  await checkNacosContent(content, intent, place);
  await place.write(content, declared);
  return md5;
}

/** @throws BridgeError INVALID_CONTENT that says whose content it is. */
async function checkNacosContent(
  content: string,
  intent: ConfigItem['intent'],
  place: ConfigItem['place'],
): Promise<void> {
  try {
    await checkContent(content, intent, place);
  } catch (error) {
    if (!isBridgeError(error, 'INVALID_CONTENT')) throw error;
    const message = `What Nacos holds is not written to ${place.title}: ${error.message}`;
    throw new BridgeError('INVALID_CONTENT', message, { cause: error });
  }
}

interface Outcome {
  wrote: boolean;
  /** Whether we wrote what Nacos has; undefined where nobody can tell. */
  isOurs: boolean | undefined;
}

/** Both sides have `md5` now. */
function inSync(item: ConfigItem, md5: string | undefined, { isOurs, wrote }: Outcome): ContentReport {
  const { generation, intent, session } = item;
  session.common(md5, isOurs);
  session.metadataGeneration = generation;
  const notDrifted: Verdict = { status: 'False', reason: 'NoDrift', message: 'Nacos holds what is declared' };
  const holders = intent.source === 'Both' ? 'Both sides hold the same content' : 'Nacos holds the declared content';
  return {
    synced: { status: 'True', reason: IN_SYNC, message: `${holders} (md5 ${md5})` },
    drifted: intent.source === 'Both' ? undefined : notDrifted,
    owned: ownedVerdict(item),
    observedMd5: md5,
    nacosMd5: md5,
    base: session.base,
    wrote,
  };
}

/** Of a config that both sides may write it does not matter whose it is. */
function ownedVerdict({ intent, session }: ConfigItem): Verdict | undefined {
  const { base } = session;
  if (intent.source === 'Both' || base === undefined) return undefined;
  if (base.isOurs === true)
    return { status: 'True', reason: 'Published', message: 'This NacosConfig wrote the content' };
  if (base.isOurs === undefined) {
    return { status: 'Unknown', reason: 'NotTold', message: 'Who wrote the content cannot be read from Nacos' };
  }
  const message =
    'Nacos held the same content already: deleting this NacosConfig leaves it there, and an edit here is a conflict; ' +
    "set `adoptionPolicy` to 'Adopt' to take it over";
  return { status: 'False', reason: 'NotAdopted', message };
}

const REASONS = { drifted: 'Drifted', conflict: 'Conflict', 'remote-missing': 'RemoteMissing' } as const;

/** The sides stay different. */
function apart(plan: PlanApart, item: ConfigItem, observed: ObservedConfig): ContentReport {
  const { declared, session } = item;
  return {
    synced: { status: 'False', reason: REASONS[plan.kind], message: plan.message },
    drifted: driftOf(plan),
    owned: ownedVerdict(item),
    observedMd5: declared.md5,
    nacosMd5: observed.md5,
    base: session.base,
    wrote: false,
  };
}

function driftOf(plan: PlanApart): Verdict | undefined {
  const { message } = plan;
  if (plan.kind === 'drifted') return { status: 'True', reason: plan.reason, message };
  if (plan.kind === 'conflict' && plan.isDrift) return { status: 'True', reason: 'ChangedInNacos', message };
  return undefined;
}
