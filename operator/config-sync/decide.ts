/**
 * Gathers what a decision needs and takes it: publish-plan.ts for what Kubernetes declares, two-way-plan.ts for what both
 * sides may change. What is not needed is not read: while both sides are equal nothing is.
 *
 * What it is about is an item: a dataId and content that is declared in Kubernetes. Whose item it is (a NacosConfig's)
 * is not known here, nor in apply.ts.
 */
import { BridgeError } from '../errors.ts';
import type { DeclaringIntent, KeepRequest, PublishIntent, TwoWayIntent } from './intent.ts';
import { contentOf, type ContentPlace, type DeclaredContent } from './places/content-place.ts';
import { unknownAuthor, type FieldAuthor } from './places/field-author.ts';
import type { ConfigPlan } from './plan.ts';
import { needsAuthor, needsOwnership, planConfig } from './publish-plan.ts';
import { lastWriter, metadataDiffers, ownershipOf, type RemoteMetadata } from './remote.ts';
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
  readonly keep: KeepRequest;
}

export interface Decision {
  plan: ConfigPlan;
  /** What it was taken on. */
  observed: ObservedConfig;
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
  checkContent(await contentOf(declared), intent, place);
  session.valid = { md5, generation };
}

/**
 * No conflict is called on a base that is older than the one that is stored: after a restart, the cache may be.
 *
 * @throws BridgeError REFERENCE_MISSING when nothing is declared, or, where either side may have it, neither has anything.
 */
export async function decideItem(item: ConfigItem): Promise<Decision> {
  const decision = await decideOnBase(item);
  const isOutdated = decision.plan.kind === 'conflict' && (await item.session.refreshBase());
  return isOutdated ? decideOnBase(item) : decision;
}

function decideOnBase(item: ConfigItem): Promise<Decision> {
  const { intent } = item;
  return intent.source === 'Both' ? decideBetween({ ...item, intent }) : decidePublication({ ...item, intent });
}

async function decidePublication(item: ConfigItem<PublishIntent>): Promise<Decision> {
  const { intent, declared, session, mark } = item;
  if (declared.kind === 'absent') throw missing(`${declared.message}, named by \`spec.contentFrom\``);
  const { baseMd5, held } = session;
  const md5s = { declaredMd5: declared.md5, nacosMd5: held.md5, baseMd5 };
  const isRead = needsOwnership({ ...md5s, isServed: held.isServed }) || (held.md5 !== undefined && isNewIntent(item));
  const observed = await observe(item, { isRead, isDecisive: intent.driftPolicy === 'Adopt' });
  const input = {
    ...md5s,
    nacosMd5: observed.md5,
    ownership: ownershipOf(observed.metadata, mark),
    lastWriter: lastWriter(observed.metadata),
    isServed: observed.isServed,
    metadataDiffers: differs(item, observed.metadata),
    driftPolicy: intent.driftPolicy,
    adoptionPolicy: intent.adoptionPolicy,
  };
  const adoption = {
    keepMd5: keepMd5Of(item, observed),
    names: namesOf(item, 'driftPolicy'),
    author: sideOf(needsAuthor(input) ? await declared.author() : unknownAuthor),
  };
  return { plan: planConfig({ ...input, adoption }), observed };
}

async function decideBetween(item: ConfigItem<TwoWayIntent>): Promise<Decision> {
  const { intent, declared, session, mark } = item;
  const { baseMd5, held } = session;
  const isRead = held.md5 !== undefined && (held.md5 !== declared.md5 || isNewIntent(item));
  const observed = await observe(item, { isRead, isDecisive: true });
  const isInDoubt = needsEvidence({ kubernetesMd5: declared.md5, nacosMd5: observed.md5, baseMd5 });
  const author = isInDoubt && declared.kind === 'present' ? await declared.author() : unknownAuthor;
  const plan = planTwoWay({
    kubernetes: { md5: declared.md5, ...sideOf(author) },
    nacos: {
      md5: observed.md5,
      isOurs: ownershipOf(observed.metadata, mark) === 'ours',
      lastWriter: lastWriter(observed.metadata),
    },
    baseMd5,
    isServed: observed.isServed,
    metadataDiffers: differs(item, observed.metadata),
    policy: intent.conflictPolicy,
    keepMd5: keepMd5Of(item, observed),
    names: namesOf(item, 'conflictPolicy'),
  });
  if (plan) return { plan, observed };
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

function differs(item: ConfigItem, metadata: RemoteMetadata | undefined): boolean {
  return isNewIntent(item) && metadata !== undefined && metadataDiffers(item.intent, metadata);
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
