/**
 * What is right between two clusters that share a Nacos namespace, judged from what Nacos itself remembers of every write.
 * Pure: what was declared and what was written go in, findings in words come out.
 */
import { markOf } from '../../../operator/config-sync/remote.ts';
import type { KubeObject, StoredConfig } from '../../scenarios/backends.ts';
import type { ConfigWrite } from '../../scenarios/nacos-backend.ts';
import { conditionOf, type Camp, type Claim, type Incarnation, type ItemCounts } from './camp.ts';
import { idOf, isCommon, type Declaration, type Target } from './edits.ts';

/** One cluster's part in one dataId. */
export interface Party {
  readonly name: string;
  readonly claim: Claim;
  readonly resource: KubeObject | undefined;
  /** What its ConfigMap holds; only of what goes two-way. */
  readonly content: string | undefined;
}

/** Servers round their times. */
const clockSlackMs = 5;
/**
 * Nacos removes without comparing: what is taken over between the read and the removal of its former owner is removed
 * with it. This long may the two be apart on a busy machine.
 */
const removalWindowMs = 1_000;
/**
 * Compare-and-swap is by content: when equal content is taken over, its former owner sees nothing of it until the server
 * serves it as modified, and may update it meanwhile. This long may that take on a busy machine.
 */
const takeoverWindowMs = 500;

export interface HistoryVerdict {
  readonly findings: readonly string[];
  /** How often it passed from one cluster to the other by `adoptionPolicy: Adopt`. */
  readonly takeovers: number;
  /** Removals and updates that met a takeover within the window that Nacos leaves; a removed one was published again. */
  readonly caughtInWindow: number;
}

/** Every write of a dataId by one that may, and every removal by the one whose it was. `writes`: oldest first. */
export function judgeHistory(
  target: Target,
  writes: readonly ConfigWrite[],
  parties: readonly Party[],
): HistoryVerdict {
  const findings: string[] = [];
  let takeovers = 0;
  let caughtInWindow = 0;
  let owner: Party | undefined;
  let formerOwner: Party | undefined;
  let ownedSinceMs = 0;
  for (const { operation, timeMs, writer } of writes) {
    const at = `${idOf(target)} at ${new Date(timeMs).toISOString()}`;
    if (operation === 'D') {
      const others = parties.filter((party) => party !== owner);
      if (owner && mayRemove(owner, timeMs)) owner = undefined;
      else if (timeMs - ownedSinceMs < removalWindowMs && others.some((party) => mayRemove(party, timeMs))) {
        caughtInWindow += 1;
      } else findings.push(`${at}: removed, although ${owner?.name ?? 'nobody'} owned it and declared it still`);
      continue;
    }
    const author = parties.find(({ claim }) => claim.mark === markOf(writer));
    if (!author) findings.push(`${at}: written by somebody else, '${writer}'`);
    else if (!lives(author, timeMs)) findings.push(`${at}: written by ${author.name}, which had not declared it`);
    if (author === owner) continue;
    const isUnaware = author !== undefined && author === formerOwner && timeMs - ownedSinceMs < takeoverWindowMs;
    if (owner && operation === 'U' && target.way !== 'two-way') {
      takeovers += 1;
      const isAsked = author && lives(author, timeMs, ({ declaration }) => declaration.adoptionPolicy === 'Adopt');
      if (author && !isAsked) {
        if (isUnaware) caughtInWindow += 1;
        else findings.push(`${at}: ${author.name} took it from ${owner.name} without being asked to`);
      }
    }
    formerOwner = owner;
    owner = author;
    ownedSinceMs = timeMs;
  }
  return { findings, takeovers, caughtInWindow };
}

/** What must be so when nobody edits any more. */
export function judgeEnd(target: Target, stored: StoredConfig | undefined, parties: readonly Party[]): string[] {
  const findings = target.way === 'two-way' ? judgeTwoWay(stored, parties) : judgeOwned(stored, parties);
  if (!isCommon(target) && parties.length > 1) findings.push('two clusters know it');
  return findings.map((finding) => `${idOf(target)}: ${finding}`);
}

/** What a NacosConfigSync tells of its items is what is declared by it. */
export function judgeSummary({ name, claims }: Pick<Camp, 'name' | 'claims'>, items: ItemCounts | undefined): string[] {
  const declared = [...claims.values()].filter(({ target, incarnations }) => {
    return target.way === 'object' && incarnations.at(-1)?.deletedMs === undefined;
  });
  const { total = 0, synced = 0, conflicts = 0 } = items ?? {};
  if (total === declared.length && synced + conflicts === total) return [];
  const told = `${total} items, ${synced} in sync and ${conflicts} in conflict`;
  return [`the NacosConfigSync of ${name} tells of ${told}, and ${declared.length} are declared`];
}

/** One owner whose declaration Nacos holds, and a conflict for the other. */
function judgeOwned(stored: StoredConfig | undefined, parties: readonly Party[]): string[] {
  const owner = stored && parties.find(({ claim }) => markOf(stored.writer) === claim.mark);
  const findings = parties.flatMap((party) => judgeParty(stored, party, owner));
  if (!stored) return findings;
  if (!owner) findings.push('Nacos holds it, and it is nobody’s');
  if (owner && !declarationOf(owner) && !owner.claim.mayRemain.has(stored.content)) {
    findings.push(`${owner.name} has deleted it, and Nacos still holds '${stored.content}'`);
  }
  return findings;
}

function judgeParty(stored: StoredConfig | undefined, party: Party, owner: Party | undefined): string[] {
  const { name, resource } = party;
  const declaration = declarationOf(party);
  // Its NacosConfigSync counts it (judgeSummary); what is seen of it alone is in Nacos.
  if (party.claim.target.way === 'object') return judgeItem(stored, party, owner);
  if (!declaration) return resource ? [`${name} has deleted it, and its NacosConfig is still there`] : [];
  if (!resource) return [`the NacosConfig of ${name} is gone`];
  const synced = conditionOf(resource, 'Synced');
  const ready = conditionOf(resource, 'Ready');
  if (!stored) return [`${name} declares it, and Nacos does not hold it (Synced ${synced})`];
  if (party !== owner) {
    // Who held the same content before the other took it over is content with it.
    const isContent = stored.content === declaration.content && ready === 'True InSync';
    return isContent || isToldOfConflict(party)
      ? []
      : [`${name} is not told of the conflict: Synced ${synced}, Ready ${ready}`];
  }
  const wanted = textOf(declaration);
  const held = textOf(stored);
  if (wanted !== held) return [`${name} declares '${wanted}', and Nacos holds '${held}'`];
  return ready === 'True InSync' ? [] : [`${name} is in sync, and not told so: Ready ${ready}`];
}

function judgeItem(stored: StoredConfig | undefined, party: Party, owner: Party | undefined): string[] {
  const declaration = declarationOf(party);
  if (!declaration || (stored && party !== owner)) return [];
  if (!stored) return [`${party.name} declares it, and Nacos does not hold it`];
  const [wanted, held] = [textOf(declaration), textOf(stored)];
  return wanted === held ? [] : [`${party.name} declares '${wanted}', and Nacos holds '${held}'`];
}

/** Equal everywhere, or a conflict is told where it is not; and what the users wrote is nowhere blanked. */
function judgeTwoWay(stored: StoredConfig | undefined, parties: readonly Party[]): string[] {
  if (!stored) return ['Nacos does not hold it'];
  const isEqual = ({ content, resource }: Party) =>
    content === stored.content && conditionOf(resource, 'Ready') === 'True InSync';
  const findings = parties
    .filter((party) => !isEqual(party) && !(party.content !== stored.content && isToldOfConflict(party)))
    .map(({ name, content, resource }) => {
      const ready = conditionOf(resource, 'Ready');
      return `${name} holds '${content}', Nacos '${stored.content}', and Ready is ${ready}`;
    });
  return parties.some(isEqual) ? findings : [...findings, 'it is equal nowhere'];
}

function isToldOfConflict({ resource }: Party): boolean {
  return conditionOf(resource, 'Synced') === 'False Conflict' && conditionOf(resource, 'Ready') === 'False Conflict';
}

function textOf({ content, description, tags }: Pick<Declaration, 'content' | 'description' | 'tags'>): string {
  return [content, description, ...tags.toSorted()].join(', ');
}

function lives({ claim }: Party, timeMs: number, predicate = (_: Incarnation): boolean => true): boolean {
  return claim.incarnations.some(
    (incarnation) =>
      incarnation.fromMs - clockSlackMs <= timeMs &&
      timeMs <= (incarnation.goneMs ?? Infinity) + clockSlackMs &&
      predicate(incarnation),
  );
}

function mayRemove(party: Party, timeMs: number): boolean {
  if (party.claim.target.way === 'two-way') return false;
  return lives(
    party,
    timeMs,
    ({ declaration, deletedMs = Infinity }) =>
      declaration.deletionPolicy === 'Delete' && deletedMs - clockSlackMs <= timeMs,
  );
}

function declarationOf({ claim }: Party): Declaration | undefined {
  const last = claim.incarnations.at(-1);
  return last?.deletedMs === undefined ? last?.declaration : undefined;
}
