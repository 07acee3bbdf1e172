/**
 * Gathers what a decision needs and takes it: plan.ts for what Kubernetes declares, two-way-plan.ts for what both sides
 * may change. What is not needed is not read: while both sides are equal nothing is.
 *
 * What was read of tags and description an hour ago may have been edited since, and Nacos replaces all of it at every
 * publish: so before each it is read, or known that nobody has written since our own last publish. The server's cache
 * tells that, tens of milliseconds late: until then an edit of the description, or a takeover of equal content by another
 * NacosConfig, is not seen.
 */
import { KEEP_ANNOTATION } from '../api/names.ts';
import { BridgeError } from '../errors.ts';
import type { PublishIntent, TwoWayIntent } from './intent.ts';
import type { ConfigPlan } from './plan.ts';
import { needsAuthor, needsOwnership, planConfig, type PlanInput } from './publish-plan.ts';
import { unknownAuthor, type FieldAuthor } from './places/field-author.ts';
import { lastWriter, metadataDiffers, ownershipOf, readRemote, type RemoteMetadata } from './remote.ts';
import type { ConfigSession, HeldContent } from './session.ts';
import type { Subject } from './subject.ts';
import { needsEvidence, planTwoWay, type ConflictNames } from './two-way-plan.ts';

/** What Nacos holds; `metadata` is undefined when it was not needed or is not told. */
export interface NacosView extends HeldContent {
  metadata: RemoteMetadata | undefined;
}

export interface Decision {
  plan: ConfigPlan;
  nacos: NacosView;
}

export function decide(subject: Subject): Promise<Decision> {
  const { intent } = subject;
  return intent.source === 'Both' ? decideBetween({ ...subject, intent }) : decidePublication({ ...subject, intent });
}

/** @throws BridgeError REFERENCE_MISSING when nothing is declared. */
async function decidePublication(subject: Subject<PublishIntent>): Promise<Decision> {
  const { intent, declared, session, mark } = subject;
  if (declared.kind === 'absent') throw missing(`${declared.message}, named by \`spec.contentFrom\``);
  const { held } = session;
  const md5s = { declaredMd5: declared.md5, nacosMd5: held.md5, baseMd5: session.baseMd5 };
  const isRead =
    needsOwnership({ ...md5s, isServed: held.isServed }) || (held.md5 !== undefined && specChanged(subject));
  const nacos = isRead ? await readView(session, intent.driftPolicy === 'Adopt') : { ...held, metadata: undefined };
  const input = {
    ...md5s,
    nacosMd5: nacos.md5,
    ownership: ownershipOf(nacos.metadata, mark),
    lastWriter: lastWriter(nacos.metadata),
    isServed: nacos.isServed,
    metadataDiffers: differs(subject, nacos.metadata),
    driftPolicy: intent.driftPolicy,
    adoptionPolicy: intent.adoptionPolicy,
  };
  const adoption = async (): Promise<PlanInput['adoption']> => ({
    keepMd5: keepOf(subject, nacos),
    names: namesOf(subject, 'driftPolicy'),
    author: sideOf(needsAuthor(input) ? await declared.author() : unknownAuthor),
  });
  return { plan: planConfig({ ...input, adoption: await adoption() }), nacos };
}

/** @throws BridgeError REFERENCE_MISSING when neither side has anything. */
async function decideBetween(subject: Subject<TwoWayIntent>): Promise<Decision> {
  const { intent, declared, session, mark } = subject;
  const { held } = session;
  const kubernetesMd5 = declared.md5;
  const isRead = held.md5 !== undefined && (held.md5 !== kubernetesMd5 || specChanged(subject));
  const nacos = isRead ? await readView(session, true) : { ...held, metadata: undefined };
  const isInDoubt = needsEvidence({ kubernetesMd5, nacosMd5: nacos.md5, baseMd5: session.baseMd5 });
  const author = isInDoubt && declared.kind === 'present' ? await declared.author() : unknownAuthor;
  const plan = planTwoWay({
    kubernetes: { md5: kubernetesMd5, ...sideOf(author) },
    nacos: {
      md5: nacos.md5,
      isOurs: ownershipOf(nacos.metadata, mark) === 'ours',
      lastWriter: lastWriter(nacos.metadata),
    },
    baseMd5: session.baseMd5,
    isServed: nacos.isServed,
    metadataDiffers: differs(subject, nacos.metadata),
    policy: intent.conflictPolicy,
    keepMd5: keepOf(subject, nacos),
    names: namesOf(subject, 'conflictPolicy'),
  });
  if (plan) return { plan, nacos };
  const what = declared.kind === 'absent' ? `${declared.message}, and the dataId does not exist in Nacos` : '';
  throw missing(`${what}; create either of the two`);
}

/** What is needed to publish over our own last publish costs the server no look into its database. */
async function readView(session: ConfigSession, isDecisive: boolean): Promise<NacosView> {
  const metadata = isDecisive ? undefined : await session.knownMetadata();
  return metadata ? { ...session.held, metadata } : readDatabase(session, isDecisive);
}

/**
 * What the database holds; what the server serves where it may not be asked.
 *
 * @throws BridgeError NACOS_CAS_FAILED while the two differ and it is `decisive`: it is asked again.
 */
async function readDatabase(session: ConfigSession, isDecisive: boolean): Promise<NacosView> {
  const remote = await readRemote(session.connection.client, session.address);
  const { metadata } = remote;
  const { held } = session;
  if (!isDecisive || remote.kind === 'unknown') return { ...held, metadata };
  if (!session.confirms(remote)) {
    throw new BridgeError('NACOS_CAS_FAILED', 'The dataId changes while it is read; it is read again');
  }
  if (remote.kind === 'absent') return { md5: undefined, content: undefined, isServed: true, metadata };
  const { content, md5 } = remote;
  return { md5, content, isServed: held.isServed && md5 === held.md5, metadata };
}

function specChanged({ resource, session }: Subject): boolean {
  return session.metadataGeneration !== resource.metadata.generation;
}

function differs(subject: Subject, metadata: RemoteMetadata | undefined): boolean {
  return specChanged(subject) && metadata !== undefined && metadataDiffers(subject.intent, metadata);
}

/** By the annotation, or by one that was used up for just these contents and whose write has failed since. */
function keepOf({ resource, declared, session }: Subject, nacos: NacosView): string | undefined {
  const { keep } = session;
  const isAboutThese = keep?.kubernetesMd5 === declared.md5 && keep?.nacosMd5 === nacos.md5;
  return resource.metadata.annotations?.[KEEP_ANNOTATION] ?? (isAboutThese ? keep?.md5 : undefined);
}

function namesOf({ resource, place }: Subject, policyField: ConflictNames['policyField']): ConflictNames {
  const { name, namespace } = resource.metadata;
  const keepCommand = `kubectl annotate nacosconfig ${name} -n ${namespace} --overwrite ${KEEP_ANNOTATION}=`;
  return { place: place.title, keepCommand, policyField };
}

function sideOf({ isOurs, name }: FieldAuthor): { isOurs: boolean; lastWriter: string } {
  return { isOurs, lastWriter: name };
}

function missing(message: string): BridgeError {
  return new BridgeError('REFERENCE_MISSING', message);
}
