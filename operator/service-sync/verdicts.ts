/**
 * How an export fares: whether Nacos has confirmed all of it, what could not be published as it was asked for, and what
 * somebody has changed in Nacos. Pure; the status of a NacosService and the events of an annotated Service are made of it.
 *
 * While records wait for their confirmation, or Services for their first look, nothing is concluded for some seconds, so
 * that neither a restart nor each change is told on its way. What waits longer is told.
 */
import { CONFIRM_DELETION_ANNOTATION } from '../api/names.ts';
import { reasonOf } from '../error-catalogue.ts';
import type { BridgeError } from '../errors.ts';
import { timestamp, type Verdict } from '../kube/conditions.ts';
import { firstOf, otherwise, type Rule } from '../rules.ts';
import type { HostFinding } from './host-findings.ts';
import type { Publication, PublishedRecord, Refusal } from './publications.ts';
import { problemsOf, type ServiceProblem } from './service-problems.ts';
import type { ShownFinding } from './shown-hosts.ts';

export interface ServiceFindings {
  /** What the export publishes, by Service. */
  readonly publications: readonly (readonly [service: string, publication: Publication])[];
  /** How many Services are to be published, looked at already or not. */
  readonly expected: number;
  /** The Service that must be there, by its name; undefined for a selector. */
  readonly named: string | undefined;
  /** Services that the guard holds. */
  readonly held: number;
  /** What Nacos shows that is not as it was sent. */
  readonly shown: readonly ShownFinding[];
}

export interface Judgement {
  readonly ready: Verdict;
  readonly published: Verdict;
  readonly overridden: Verdict | undefined;
  readonly guard: Verdict | undefined;
  /** The worst first. */
  readonly problems: readonly ServiceProblem[];
  /** Whether something has waited for long, so that this is not the last word. */
  readonly isPending: boolean;
}

const NO_LONGER_ALLOWED = 'NoLongerAllowed';

/** What waits for longer is told. */
export const PENDING_TOLD_AFTER_MS = 5000;

/** `nowMs` since the epoch. Undefined while nothing is to be concluded. */
export function judge(findings: ServiceFindings, nowMs: number): Judgement | undefined {
  const { expected, held, publications, shown } = findings;
  const records = publications.flatMap(([, publication]) => [...publication.records.values()]);
  const pending = records.filter(({ state }) => state === 'pending');
  const sinceMs = pending.reduce((least, { pendingSinceMs = nowMs }) => Math.min(least, pendingSinceMs), nowMs);
  const isPending = pending.length > 0 && nowMs - sinceMs >= PENDING_TOLD_AFTER_MS;
  const isUnknown = publications.some(([, { failure, isKnown }]) => !isKnown && failure === undefined);
  const waits = pending.length > 0 || isUnknown || publications.length < expected;
  if (waits && !isPending) return undefined;
  const published = firstOf(publishedRules, { ...findings, records, pending, sinceMs });
  const problems = problemsOf(publications, shown);
  const guard = held > 0 ? guardVerdict(held) : refusalGuardVerdict(publications);
  const overrides = shown.flatMap(({ finding }) => (finding.kind === 'override' ? [finding] : []));
  return {
    ready: readyVerdict(published, problems, guard),
    published,
    overridden: overrides[0] && overriddenVerdict(overrides[0], overrides.length),
    guard,
    problems,
    isPending,
  };
}

interface Situation extends ServiceFindings {
  readonly records: readonly PublishedRecord[];
  readonly pending: readonly PublishedRecord[];
  /** Of the oldest that is pending, since the epoch. */
  readonly sinceMs: number;
}

export const publishedRules: readonly Rule<Situation, Verdict>[] = [
  {
    title: 'the Service that is named does not exist',
    when: ({ expected, named }) => named !== undefined && expected === 0,
    plan: ({ named }) => isFalse('ReferenceMissing', `Service '${named}' does not exist`),
  },
  {
    title: 'it cannot be told what is to be published',
    when: ({ publications }) => failureOf(publications) !== undefined,
    plan: ({ publications, records }) => {
      const { code, message } = failureOf(publications) as BridgeError;
      return isFalse(reasonOf(code), records.length > 0 ? `${message}; what is published stays meanwhile` : message);
    },
  },
  {
    title: 'the connection does not allow it, or some of it',
    when: ({ publications }) => refusalOf(publications) !== undefined,
    plan: ({ publications }) => isFalse(reasonOf('NOT_ALLOWED'), refusalOf(publications)?.error.message ?? ''),
  },
  {
    title: 'Nacos has refused something, or cannot be asked',
    when: ({ records }) => records.some(({ state }) => typeof state === 'object'),
    plan: ({ records }) => failedVerdict(records),
  },
  {
    title: 'something waits for its confirmation',
    when: ({ pending }) => pending.length > 0,
    plan: ({ pending, sinceMs }) => {
      const message = `${namesOf(pending)}: Nacos has not answered since ${timestamp(sinceMs)}`;
      return isFalse('Pending', message);
    },
  },
  {
    title: 'a selector selects nothing',
    when: ({ publications }) => publications.length === 0,
    plan: () => isTrue('NothingSelected', 'No Service is selected'),
  },
  {
    title: 'there are no instances',
    when: ({ records }) => records.every(({ instances }) => instances.length === 0),
    plan: ({ records }) => {
      const total = records.reduce((sum, { counts }) => sum + counts.total, 0);
      const why = total > 0 ? `none of ${total} endpoints is to be registered` : 'there are no endpoints';
      return isTrue('NoInstances', `Nothing is registered in Nacos: ${why}`);
    },
  },
  {
    title: 'all is confirmed',
    when: otherwise,
    plan: ({ records }) => {
      const filled = records.filter(({ instances }) => instances.length > 0);
      const instances = filled.reduce((sum, record) => sum + record.instances.length, 0);
      const what = instances === 1 ? '1 instance' : `${instances} instances`;
      return isTrue('Published', `Nacos has confirmed ${what} under ${namesOf(filled)}`);
    },
  },
];

function failureOf(publications: ServiceFindings['publications']): BridgeError | undefined {
  return publications.find(([, { failure }]) => failure !== undefined)?.[1].failure;
}

/** Of names that are not published for it. */
function refusalOf(publications: ServiceFindings['publications']): Refusal | undefined {
  return publications.map(([, { refusal }]) => refusal).find((refusal) => refusal?.held === 0);
}

function failedVerdict(records: readonly PublishedRecord[]): Verdict {
  const failures = records.flatMap(({ state, address }) => (typeof state === 'object' ? [{ ...state, address }] : []));
  const [{ address, failed }, ...others] = failures as [(typeof failures)[number], ...typeof failures];
  const more = others.length > 0 ? `, and ${others.length} more` : '';
  const message = `'${address.service.serviceName}' could not be published: ${failed.message}${remedyOf(failed)}${more}`;
  return isFalse(reasonOf(failed.code), message);
}

/** What a server's own words do not say. */
function remedyOf({ code, message }: BridgeError): string {
  if (code !== 'NACOS_INVALID') return '';
  const isPersistent = /persistent service/i.test(message);
  const what = isPersistent
    ? 'remove the persistent instances of that service in Nacos, then the service itself'
    : 'remove what is in the way';
  return `; ${what}, and it is published within a minute`;
}

function readyVerdict(published: Verdict, problems: readonly ServiceProblem[], guard: Verdict | undefined): Verdict {
  if (published.status !== 'True') return published;
  if (guard?.reason === NO_LONGER_ALLOWED) return { ...guard, status: 'False' };
  const [first] = problems;
  if (first !== undefined) {
    const more = problems.length > 1 ? `, and ${problems.length - 1} more problems` : '';
    const where = first.member === undefined ? first.service : `${first.service}, ${first.member}`;
    const reason = first.field === 'selfRegistered' ? 'SelfRegistered' : 'Invalid';
    return isFalse(reason, `${where}: \`${first.field}\` ${first.message}${more}`);
  }
  return guard ? { ...guard, status: 'False' } : published;
}

function guardVerdict(held: number): Verdict {
  const next = 'set the annotation `bridge.nacos.io/confirm-deletion: "true"` to let them go';
  return isTrue(
    'SelectorDropsTooMuch',
    `The selector would drop more than half of its Services; ${held} are held: ${next}`,
  );
}

/** Names that are published on although their connection does not allow them any more. */
function refusalGuardVerdict(publications: ServiceFindings['publications']): Verdict | undefined {
  const refusals = publications.flatMap(([, { refusal }]) => (refusal && refusal.held > 0 ? [refusal] : []));
  const [first] = refusals;
  if (first === undefined) return undefined;
  const held = refusals.reduce((sum, refusal) => sum + refusal.held, 0);
  const next =
    `set the annotation \`${CONFIRM_DELETION_ANNOTATION}: "true"\` on the NacosConnection to let them go; those of the ` +
    'default connection go with a restart of the operator';
  const why = 'more than half of what is published over the connection would go at once';
  return isTrue(NO_LONGER_ALLOWED, `${first.error.message}; ${why}, so ${held} of these are held: ${next}`);
}

function overriddenVerdict(first: HostFinding & { kind: 'override' }, count: number): Verdict {
  const { field, member, sent, shown } = first;
  const more = count > 1 ? `, and ${count - 1} more` : '';
  const what = `${member}: \`${field}\` is '${shown}' in Nacos, and '${sent}' was sent${more}`;
  return isTrue('ChangedInNacos', `${what}; what is set there wins: set it there to what it should be`);
}

/** A few, in quotes. */
function namesOf(records: readonly PublishedRecord[]): string {
  const names = records.map(({ address }) => `'${address.service.serviceName}'`);
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return `${names.slice(0, 3).join(', ')}${more}`;
}

function isTrue(reason: string, message: string): Verdict {
  return { status: 'True', reason, message };
}

function isFalse(reason: string, message: string): Verdict {
  return { status: 'False', reason, message };
}
