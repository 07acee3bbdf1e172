/**
 * The decision where both sides may change the content: a key of a ConfigMap and the dataId follow each other
 * (`source: Both`), or an edit in Nacos is adopted (`driftPolicy: Adopt`).
 *
 * Pure. Three contents are compared, by md5: what Kubernetes has, what Nacos has, and the base, which both had when they
 * were last equal. A content is replaced only by one whose author has seen it; where that is not certain it is a
 * conflict. The lists below are the specification: the first rule that applies decides.
 */
import { firstOf, otherwise, type Rule } from '../rules.ts';
import { create, planEqual, update, type ConfigPlan, type Decider, type EqualInput } from './plan.ts';

export interface Side {
  /** `undefined`: there is nothing. */
  md5: string | undefined;
  /** Certainly written by us, and by nobody since. Asked for only where the rules need it: see `needsEvidence`. */
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
  /** The command that decides for the content with this md5, and against the other one. */
  keepCommand: (kept: string, other?: string) => string;
  /** The field that decides such cases for good. */
  policyField: 'conflictPolicy' | 'driftPolicy';
}

type PresentInput = TwoWayInput & { nacos: { md5: string } };

/** Nacos holds nothing. */
export const absentRules: readonly Rule<TwoWayInput, ConfigPlan | undefined>[] = [
  {
    title: 'neither side has anything: nothing to be done',
    when: ({ kubernetes }) => kubernetes.md5 === undefined,
    plan: () => undefined,
  },
  {
    title: 'Kubernetes alone ever had it: create it in Nacos',
    when: ({ baseMd5 }) => baseMd5 === undefined,
    plan: () => create('Published', 'Created the dataId in Nacos'),
  },
  {
    title: 'it was removed in Nacos, and is to be kept: create it again',
    when: (input) => preferenceOf(input)?.side === 'kubernetes',
    plan: (input) => {
      const message = `The dataId was removed in Nacos; created it again, as ${decidedBy(input)}`;
      return { ...create('Recreated', message), decidedBy: preferenceOf(input)?.by };
    },
  },
  {
    title: 'it was removed in Nacos: remote missing; what Kubernetes has stays',
    when: otherwise,
    plan: ({ kubernetes: { md5 = '' }, names: { keepCommand, place } }) => ({
      kind: 'remote-missing',
      message:
        `The dataId was removed in Nacos; ${place} keeps what it holds (md5 ${md5}). ` +
        `To create it again: ${keepCommand(md5)}`,
    }),
  },
];

/** Nacos holds something. */
export const presentRules: readonly Rule<PresentInput, ConfigPlan>[] = [
  {
    title: 'Kubernetes has nothing: to Kubernetes; nothing is lost by it',
    when: ({ kubernetes }) => kubernetes.md5 === undefined,
    plan: (input) => writeBack(input, 'it was missing there'),
  },
  {
    title: 'both have the same: as equal content (plan.ts); that both have moved is no conflict',
    when: ({ kubernetes, nacos }) => kubernetes.md5 === nacos.md5,
    plan: (input) => planEqual(input, input.nacos.md5),
  },
  {
    title: 'Nacos has the base: to Nacos; only Kubernetes moved',
    when: ({ nacos, baseMd5 }) => nacos.md5 === baseMd5,
    plan: ({ nacos }) => update(nacos.md5, 'Updated'),
  },
  {
    title: 'Kubernetes has the base: to Kubernetes; only Nacos moved',
    when: ({ kubernetes, baseMd5 }) => kubernetes.md5 === baseMd5,
    plan: changedInNacos,
  },
  {
    title: 'we wrote what Nacos has, and not the other: to Nacos; unrecorded for a crash, and Kubernetes moved since',
    when: ({ kubernetes, nacos }) => nacos.isOurs && !kubernetes.isOurs,
    plan: ({ nacos }) => update(nacos.md5, 'Updated'),
  },
  {
    // Without a base, what we wrote to Kubernetes may have been for another dataId.
    title:
      'there is a base; we wrote what Kubernetes has, and not the other: to Kubernetes; the same the other way round',
    when: ({ kubernetes, nacos, baseMd5 }) => kubernetes.isOurs && !nacos.isOurs && baseMd5 !== undefined,
    plan: changedInNacos,
  },
  {
    title: 'both have moved, decided for Kubernetes: to Nacos',
    when: (input) => preferenceOf(input)?.side === 'kubernetes',
    plan: (input) => {
      const { kubernetes, nacos } = input;
      const kept = `Kubernetes (md5 ${kubernetes.md5}${by(kubernetes)})`;
      const lost = `Nacos (md5 ${nacos.md5}${by(nacos)})`;
      const message = `${bothChanged(input)} ${kept} and replaced that of ${lost}`;
      return { ...update(nacos.md5, 'Updated'), message, decidedBy: preferenceOf(input)?.by };
    },
  },
  {
    title: 'both have moved, decided for Nacos: to Kubernetes',
    when: (input) => preferenceOf(input)?.side === 'nacos',
    plan: (input) => {
      const { kubernetes, nacos } = input;
      const kept = `Nacos (md5 ${nacos.md5}${by(nacos)})`;
      const lost = `Kubernetes (md5 ${kubernetes.md5}${by(kubernetes)})`;
      const message = `${bothChanged(input)} ${kept} and replaced that of ${lost}`;
      return { kind: 'write-back', message, decidedBy: preferenceOf(input)?.by };
    },
  },
  {
    title: 'both have moved: conflict',
    when: otherwise,
    plan: (input) => ({
      kind: 'conflict',
      message: conflictMessage(input),
      isDrift: input.names.policyField === 'driftPolicy',
    }),
  },
];

/** Undefined when neither side has anything. */
export function planTwoWay(input: TwoWayInput): ConfigPlan | undefined {
  const { md5 } = input.nacos;
  if (md5 === undefined) return firstOf(absentRules, input);
  return firstOf(presentRules, { ...input, nacos: { ...input.nacos, md5 } });
}

type Md5s = { kubernetesMd5: string | undefined; nacosMd5: string | undefined; baseMd5: string | undefined };

/** Whether the decision depends on who wrote either side. */
export function needsEvidence({ kubernetesMd5, nacosMd5, baseMd5 }: Md5s): boolean {
  const areThere = kubernetesMd5 !== undefined && nacosMd5 !== undefined;
  return areThere && kubernetesMd5 !== nacosMd5 && kubernetesMd5 !== baseMd5 && nacosMd5 !== baseMd5;
}

interface Preference {
  readonly side: 'kubernetes' | 'nacos';
  readonly by: Decider;
  readonly when: (input: TwoWayInput) => boolean;
}

/** The annotation is about these very contents, so it comes before the policy, which is about all. */
const preferences: readonly Preference[] = [
  { side: 'kubernetes', by: 'annotation', when: ({ keepMd5, kubernetes: { md5 } }) => isKept(keepMd5, md5) },
  { side: 'nacos', by: 'annotation', when: ({ keepMd5, nacos: { md5 } }) => isKept(keepMd5, md5) },
  { side: 'kubernetes', by: 'policy', when: ({ policy }) => policy === 'PreferKubernetes' },
  { side: 'nacos', by: 'policy', when: ({ policy }) => policy === 'PreferNacos' },
];

function isKept(keepMd5: string | undefined, md5: string | undefined): boolean {
  return keepMd5 !== undefined && keepMd5 === md5;
}

/** The side whose content is kept, and who has decided that; undefined when nobody has. */
function preferenceOf(input: TwoWayInput): Preference | undefined {
  return preferences.find(({ when }) => when(input));
}

function decidedBy(input: TwoWayInput): string {
  return preferenceOf(input)?.by === 'annotation' ? 'the annotation asks' : `\`${input.names.policyField}\` says`;
}

function bothChanged(input: TwoWayInput): string {
  return `Both sides were changed; as ${decidedBy(input)}, kept the content of`;
}

function changedInNacos(input: PresentInput): ConfigPlan {
  return writeBack(input, `it was changed in Nacos${by(input.nacos, ' by ')}`);
}

function writeBack({ nacos, names }: PresentInput, why: string): ConfigPlan {
  return { kind: 'write-back', message: `Wrote the content of Nacos (md5 ${nacos.md5}) to ${names.place}: ${why}` };
}

const POLICY_HINTS = {
  conflictPolicy: "Or set `conflictPolicy` to 'PreferKubernetes' or 'PreferNacos'.",
  driftPolicy: "Or set `driftPolicy` to 'Revert'.",
} as const;

function conflictMessage({ kubernetes, nacos, baseMd5, names }: TwoWayInput): string {
  const since =
    baseMd5 === undefined
      ? 'Both sides have content that differs, and they were never seen equal'
      : `Both sides were changed since they were last equal (md5 ${baseMd5})`;
  return (
    `${since}. Kubernetes: ${names.place}, md5 ${kubernetes.md5}${by(kubernetes)}. ` +
    `Nacos: md5 ${nacos.md5}${by(nacos)}. Nothing is written until you decide. ` +
    `To keep the content of Kubernetes: ${names.keepCommand(kubernetes.md5 ?? '', nacos.md5)} ` +
    `To keep the content of Nacos: ${names.keepCommand(nacos.md5 ?? '', kubernetes.md5)} ` +
    POLICY_HINTS[names.policyField]
  );
}

function by({ lastWriter }: Side, word = ', last written by '): string {
  return lastWriter === '' ? '' : `${word}${lastWriter}`;
}
