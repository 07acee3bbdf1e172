/**
 * The decision where both sides may change the content: a key of a ConfigMap and the dataId follow each other
 * (`source: Both`), or an edit in Nacos is adopted (`driftPolicy: Adopt`).
 *
 * Pure. Three contents are compared, by md5: what Kubernetes has (K), what Nacos has (N), and the base (B), which both
 * had when they were last equal. A content is replaced only by one whose author has seen it; where that is not certain
 * it is a conflict.
 *
 *   Kubernetes   Nacos     base    evidence                 decision
 *   nothing      nothing   any     -                        nothing to be done
 *   nothing      N         any     -                        to Kubernetes: nothing is lost by it
 *   K            nothing   none    -                        to Nacos: created
 *   K            nothing   some    -                        remote missing, unless decided for Kubernetes; K stays
 *   X            X         any     -                        in sync; equal content of both sides is no conflict
 *   K            N = B     B       -                        to Nacos: only Kubernetes moved
 *   K = B        N         B       -                        to Kubernetes: only Nacos moved
 *   K            N         other   we wrote N, not K        to Nacos: our write, unrecorded for a crash; Kubernetes moved
 *   K            N         some    we wrote K, not N        to Kubernetes: the same, the other way round
 *   K            N         other   none, or both            conflict, unless decided
 *
 * Without a base it does not count that we wrote K: it may have been for another dataId.
 * Decided: by the annotation, which names the md5 of the content to keep, else by the policy.
 */
import { create, planEqual, update, type ConfigPlan, type Decider, type EqualInput } from './config-plan.ts';

export interface Side {
  /** `undefined`: there is nothing. */
  md5: string | undefined;
  /** Certainly written by us, and by nobody since. Asked for only where the table needs it: see `needsEvidence`. */
  isOurs: boolean;
  /** Who wrote last, for messages; '' when it is not known. */
  lastWriter: string;
}

export interface TwoWayInput extends EqualInput {
  kubernetes: Side;
  nacos: Side;
  baseMd5: string | undefined;
  policy: 'Manual' | 'PreferKubernetes' | 'PreferNacos';
  /** The value of the annotation. */
  keepMd5: string | undefined;
  /** For messages. */
  names: ConflictNames;
}

export interface ConflictNames {
  /** Where Kubernetes has the content, such as "key 'app.yaml' of ConfigMap 'shop'". */
  place: string;
  /** The command that decides, up to the md5 of the content to keep. */
  keepCommand: string;
  /** The field that decides such cases for good. */
  policyField: 'conflictPolicy' | 'driftPolicy';
}

const POLICY_HINTS = {
  conflictPolicy: "Or set `conflictPolicy` to 'PreferKubernetes' or 'PreferNacos'.",
  driftPolicy: "Or set `driftPolicy` to 'Revert'.",
} as const;

type Md5s = { kubernetesMd5: string | undefined; nacosMd5: string | undefined; baseMd5: string | undefined };

/** Whether the decision depends on who wrote either side. */
export function needsEvidence({ kubernetesMd5, nacosMd5, baseMd5 }: Md5s): boolean {
  const areThere = kubernetesMd5 !== undefined && nacosMd5 !== undefined;
  return areThere && kubernetesMd5 !== nacosMd5 && kubernetesMd5 !== baseMd5 && nacosMd5 !== baseMd5;
}

/** Undefined when neither side has anything. */
export function planTwoWay(input: TwoWayInput): ConfigPlan | undefined {
  const { kubernetes, nacos, baseMd5 } = input;
  if (nacos.md5 === undefined)
    return kubernetes.md5 === undefined ? undefined : planRemoteAbsent(input, kubernetes.md5);
  if (kubernetes.md5 === undefined) return writeBack(input, 'it was missing there');
  if (kubernetes.md5 === nacos.md5) return planEqual(input, nacos.md5);
  if (nacos.md5 === baseMd5) return update(nacos.md5, 'Updated');
  if (kubernetes.md5 === baseMd5) return writeBack(input, `it was changed in Nacos${by(nacos, ' by ')}`);
  if (nacos.isOurs && !kubernetes.isOurs) return update(nacos.md5, 'Updated');
  if (kubernetes.isOurs && !nacos.isOurs && baseMd5 !== undefined)
    return writeBack(input, `it was changed in Nacos${by(nacos, ' by ')}`);
  return planConflict(input, kubernetes.md5, nacos.md5);
}

function planRemoteAbsent(input: TwoWayInput, kubernetesMd5: string): ConfigPlan {
  if (input.baseMd5 === undefined) return create('Published', 'Created the dataId in Nacos');
  const decided = decide(input);
  if (decided?.side === 'kubernetes') {
    const message = `The dataId was removed in Nacos; created it again, as ${decidedBy(input, decided.by)}`;
    return { ...create('Recreated', message), decidedBy: decided.by };
  }
  const { keepCommand, place } = input.names;
  const message =
    `The dataId was removed in Nacos; ${place} keeps what it holds (md5 ${kubernetesMd5}). ` +
    `To create it again: ${keepCommand}${kubernetesMd5}`;
  return { kind: 'remote-missing', message };
}

function planConflict(input: TwoWayInput, kubernetesMd5: string, nacosMd5: string): ConfigPlan {
  const decided = decide(input);
  const isDrift = input.names.policyField === 'driftPolicy';
  if (decided === undefined) return { kind: 'conflict', message: conflictMessage(input), isDrift };
  const both = `Both sides were changed; as ${decidedBy(input, decided.by)}, kept the content of`;
  if (decided.side === 'nacos') {
    const lost = `replaced that of Kubernetes (md5 ${kubernetesMd5}${by(input.kubernetes)})`;
    const message = `${both} Nacos (md5 ${nacosMd5}${by(input.nacos)}) and ${lost}`;
    return { kind: 'write-back', message, decidedBy: decided.by };
  }
  const lost = `replaced that of Nacos (md5 ${nacosMd5}${by(input.nacos)})`;
  const message = `${both} Kubernetes (md5 ${kubernetesMd5}${by(input.kubernetes)}) and ${lost}`;
  return { ...update(nacosMd5, 'Updated'), message, decidedBy: decided.by };
}

/** The annotation is about these very contents, so it comes before the policy, which is about all. */
function decide(input: TwoWayInput): { side: 'kubernetes' | 'nacos'; by: Decider } | undefined {
  const { kubernetes, nacos, keepMd5, policy } = input;
  if (keepMd5 !== undefined && keepMd5 === kubernetes.md5) return { side: 'kubernetes', by: 'annotation' };
  if (keepMd5 !== undefined && keepMd5 === nacos.md5) return { side: 'nacos', by: 'annotation' };
  if (policy === 'PreferKubernetes') return { side: 'kubernetes', by: 'policy' };
  return policy === 'PreferNacos' ? { side: 'nacos', by: 'policy' } : undefined;
}

function decidedBy({ names }: TwoWayInput, by: Decider): string {
  return by === 'annotation' ? 'the annotation asks' : `\`${names.policyField}\` says`;
}

function writeBack({ nacos, names }: TwoWayInput, why: string): ConfigPlan {
  return { kind: 'write-back', message: `Wrote the content of Nacos (md5 ${nacos.md5}) to ${names.place}: ${why}` };
}

function conflictMessage({ kubernetes, nacos, baseMd5, names }: TwoWayInput): string {
  const since =
    baseMd5 === undefined
      ? 'Both sides have content that differs, and they were never seen equal'
      : `Both sides were changed since they were last equal (md5 ${baseMd5})`;
  return (
    `${since}. Kubernetes: ${names.place}, md5 ${kubernetes.md5}${by(kubernetes)}. ` +
    `Nacos: md5 ${nacos.md5}${by(nacos)}. Nothing is written until you decide. ` +
    `To keep the content of Kubernetes: ${names.keepCommand}${kubernetes.md5} ` +
    `To keep the content of Nacos: ${names.keepCommand}${nacos.md5} ` +
    POLICY_HINTS[names.policyField]
  );
}

function by({ lastWriter }: Side, word = ', last written by '): string {
  return lastWriter === '' ? '' : `${word}${lastWriter}`;
}
