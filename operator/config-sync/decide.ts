/**
 * Gathers what a decision needs and takes it: publish-plan.ts for what Kubernetes declares, two-way-plan.ts for what both
 * sides may change. What is not needed is not read: while both sides are equal nothing is.
 *
 * What it is about is an item: a dataId and content that is declared in Kubernetes. Whose item it is (a NacosConfig's)
 * is not known here, nor in apply.ts.
 */
import { BridgeError } from '../errors.ts';
import type { DeclaringIntent, KeepRequest, PublishIntent, TwoWayIntent } from './intent.ts';
import type { ContentPlace, DeclaredContent } from './places/content-place.ts';
import { unknownAuthor, type FieldAuthor } from './places/field-author.ts';
import type { ConfigPlan } from './plan.ts';
import { isOursInSync, needsAuthor, needsOwnership, planConfig } from './publish-plan.ts';
import { declaresMetadata, lastWriter, markOf, metadataDiffers, ownershipOf, type RemoteMetadata } from './remote.ts';
import type { ConfigSession, ObservedConfig } from './session.ts';
import { needsEvidence, planTwoWay, type ConflictNames } from './two-way-plan.ts';
import { checkContent } from './validation.ts';

/** One item as it was read: everything that its decision and its writes are about. */
export interface ConfigItem<I extends DeclaringIntent = DeclaringIntent> {
  /** What is asked for. */
  readonly intent: I;
  /** Moves with the intent, so that what was done for one is not done again. */
  readonly generation: number | undefined;
  /** Where the content is declared, and what was read there. */
  readonly place: ContentPlace;
  readonly declared: DeclaredContent;
  /** What Nacos holds, and the base. */
  readonly session: ConfigSession;
  /** What our publishes of it carry in Nacos. */
  readonly mark: string;
  /** Who of this cluster else may have written there. */
  readonly rivals?: Rivals;
  readonly keep: KeepRequest;
  /** Whether tags, description, appName and type, of which Nacos pushes nothing, are read although nothing is new. */
  readonly checksMetadata?: boolean;
  /** Reads what is stored of the base, where not the session does. Returns whether it is another one. */
  readonly refreshBase?: () => Promise<boolean>;
}

/** The other NacosConfigs of this cluster, by their marks. */
export interface Rivals {
  /** Whether it is of one that is gone, or has to leave the dataId to us. */
  isGivenUp(mark: string): boolean;
  /** Whether it is of a NacosConfigSync, or of one that leaves the dataId to us: what it wrote counts as ours. */
  isHandedOver?(mark: string): boolean;
  /** `namespace/name` of one that declares the same dataId. */
  nameOf(mark: string): string | undefined;
}

export interface Decision {
  plan: ConfigPlan;
  /** What it was taken on. */
  observed: ObservedConfig;
  /** Whether what Nacos holds is ours if nothing is written; undefined where nobody can tell. */
  isOurs: boolean | undefined;
}

/**
 * Whatever a decision may publish is right before it is taken; what is right is not parsed again, nor is what was
 * published for this intent before a restart.
 *
 * @throws BridgeError INVALID_CONTENT
 */
export async function validateItem({ declared, generation, intent, place, session }: ConfigItem): Promise<void> {
  if (declared.kind === 'absent') return;
  const { md5 } = declared;
  if (session.valid?.md5 === md5 && session.valid.generation === generation) return;
  const wasPublished = session.baseMd5 === md5 && session.metadataGeneration === generation;
  if (wasPublished && generation !== undefined) return;
  await checkContent(await declared.content(), intent, place);
  session.valid = { md5, generation };
}

/**
 * No conflict is called on a base that is older than the one that is stored: after a restart, the cache may be.
 *
 * @throws BridgeError REFERENCE_MISSING when nothing is declared, or, where either side may have it, neither has anything.
 */
export async function decideItem(item: ConfigItem): Promise<Decision> {
  const { session, refreshBase = () => session.refreshBase() } = item;
  const decision = await decideOnBase(item);
  const isOutdated = decision.plan.kind === 'conflict' && (await refreshBase());
  return isOutdated ? decideOnBase(item) : decision;
}

/** What is told of anything but peace names what it is about. */
export function withAddress({ plan, ...rest }: Decision, { session }: ConfigItem): Decision {
  const named = plan.kind === 'in-sync' ? plan : { ...plan, message: `${session.title}: ${plan.message}` };
  return { ...rest, plan: named };
}

/** Drift that was put back again and again is only told for a while. `nowMs` is of the monotonic clock. */
export function paused({ plan, ...rest }: Decision, { session }: ConfigItem, nowMs: number): Decision {
  const { reverts } = session;
  if (plan.kind !== 'publish' || !plan.repairsDrift) return { plan, ...rest };
  if (reverts.waitMs(nowMs) === 0) {
    reverts.reverted(nowMs);
    return { plan, ...rest };
  }
  const message =
    `It was put back ${reverts.count} times in a row, and another program keeps writing it; ` +
    "it is put back after growing pauses. End that program, or set `driftPolicy` to 'Report'";
  const reason = plan.reason === 'Recreated' ? 'RemovedInNacos' : 'ChangedInNacos';
  return { ...rest, plan: { kind: 'drifted', reason, message } };
}

function decideOnBase(item: ConfigItem): Promise<Decision> {
  const { intent } = item;
  return intent.source === 'Both' ? decideBetween({ ...item, intent }) : decidePublication({ ...item, intent });
}

async function decidePublication(item: ConfigItem<PublishIntent>): Promise<Decision> {
  const { intent, declared, session, mark, rivals } = item;
  if (declared.kind === 'absent') throw missing(`${declared.message}, named by \`spec.contentFrom\``);
  const { base, held } = session;
  const { adoptionPolicy, driftPolicy } = intent;
  const md5s = { declaredMd5: declared.md5, nacosMd5: held.md5, baseMd5: base?.md5, isBaseOurs: base?.isOurs };
  const needsOwner = needsOwnership({ ...md5s, adoptionPolicy, isServed: held.isServed });
  const isRead = needsOwner || (held.md5 !== undefined && isMetadataToCheck(item));
  const observed = await observe(item, { isRead, isDecisive: driftPolicy === 'Adopt' });
  const metadataDiffers = differs(item, observed.metadata);
  const input = {
    ...md5s,
    nacosMd5: observed.md5,
    ownership: ownershipOf(observed.metadata, mark, rivals),
    owner: observed.metadata && rivals?.nameOf(markOf(observed.metadata.srcUser)),
    lastWriter: lastWriter(observed.metadata),
    isServed: observed.isServed,
    metadataDiffers,
    isMetadataDrift: metadataDiffers && !isNewIntent(item),
    driftPolicy,
    adoptionPolicy,
  };
  const adoption = {
    keepMd5: keepMd5Of(item, observed),
    names: namesOf(item, 'driftPolicy'),
    author: sideOf(needsAuthor(input) ? await declared.author() : unknownAuthor),
  };
  return { plan: planConfig({ ...input, adoption }), observed, isOurs: isOursInSync(input) };
}

async function decideBetween(item: ConfigItem<TwoWayIntent>): Promise<Decision> {
  const { intent, declared, session, mark, rivals } = item;
  const { baseMd5, held } = session;
  const isRead = held.md5 !== undefined && (held.md5 !== declared.md5 || isMetadataToCheck(item));
  const observed = await observe(item, { isRead, isDecisive: true });
  const isInDoubt = needsEvidence({ kubernetesMd5: declared.md5, nacosMd5: observed.md5, baseMd5 });
  const author = isInDoubt && declared.kind === 'present' ? await declared.author() : unknownAuthor;
  const isOurs = ['ours', 'handed-over'].includes(ownershipOf(observed.metadata, mark, rivals));
  const plan = planTwoWay({
    kubernetes: { md5: declared.md5, ...sideOf(author) },
    nacos: {
      md5: observed.md5,
      isOurs,
      lastWriter: lastWriter(observed.metadata),
    },
    baseMd5,
    isServed: observed.isServed,
    metadataDiffers: differs(item, observed.metadata),
    policy: intent.conflictPolicy,
    keepMd5: keepMd5Of(item, observed),
    names: namesOf(item, 'conflictPolicy'),
  });
  if (plan) return { plan, observed, isOurs };
  const what = declared.kind === 'absent' ? `${declared.message}, and the dataId does not exist in Nacos` : '';
  throw missing(`${what}; create either of the two`);
}

async function observe(
  { session }: ConfigItem,
  { isRead, isDecisive }: { isRead: boolean; isDecisive: boolean },
): Promise<ObservedConfig> {
  return isRead ? session.observe({ isDecisive }) : { ...session.held, metadata: undefined };
}

function isNewIntent({ generation, session }: ConfigItem): boolean {
  return session.metadataGeneration !== generation;
}

/** Nacos tells nobody of an edit of them alone, so they are read again now and then. */
function isMetadataToCheck(item: ConfigItem): boolean {
  return isNewIntent(item) || (item.checksMetadata === true && declaresMetadata(item.intent));
}

function differs(item: ConfigItem, metadata: RemoteMetadata | undefined): boolean {
  return isMetadataToCheck(item) && metadata !== undefined && metadataDiffers(item.intent, metadata);
}

/** By the annotation, or by one that was used up for just these contents and whose write has failed since. */
function keepMd5Of({ declared, keep, session }: ConfigItem, observed: ObservedConfig): string | undefined {
  const used = session.keep;
  const isAboutThese = used?.kubernetesMd5 === declared.md5 && used?.nacosMd5 === observed.md5;
  return keep.md5 ?? (isAboutThese ? used?.md5 : undefined);
}

function namesOf({ keep, place }: ConfigItem, policyField: ConflictNames['policyField']): ConflictNames {
  return { place: place.title, keepCommand: keep.command, policyField };
}

function sideOf({ isOurs, name }: FieldAuthor): { isOurs: boolean; lastWriter: string } {
  return { isOurs, lastWriter: name };
}

function missing(message: string): BridgeError {
  return new BridgeError('REFERENCE_MISSING', message);
}
