/**
 * The decision for one item with `source: Kubernetes` or `source: Both`: what to do with its NacosConfig, and why.
 *
 * Pure: values in, one action out.
 *
 *   wanted   NacosConfig of that name   evidence               action
 *   yes      none                       suspended              none
 *   yes      none                       -                      create
 *   yes      somebody else's            -                      blocked: told as a problem, left as it is
 *   yes      ours, being deleted        -                      wait: its end brings us back
 *   yes      ours, other than wanted    -                      patch
 *   yes      ours, as wanted            -                      none
 *   no       none, or somebody else's   -                      none
 *   no       ours, being deleted        -                      none
 *   no       ours                       suspended              keep
 *   no       ours                       not complete           keep: what was not seen may be there
 *   no       ours                       not settled            wait: it may come back at once, as when it is replaced
 *   no       ours                       guarded                hold (only where Nacos would lose something)
 *   no       ours                       complete               remove with its dataId, or release it and leave the dataId
 *
 * With `source: Both` an item is wanted for as long as either side has it, so that nothing is lost when it goes.
 */
import type { NacosConfig, NacosConfigSync } from '../../../api/resources.ts';
import type { JsonPatchOperation } from '../../../kube/resource-client.ts';
import { isControlledBy } from '../../../kube/owner.ts';
import { patchOf, releasePatch } from './child.ts';

export interface ChildInput {
  sync: NacosConfigSync;
  desired: NacosConfig | undefined;
  /** What has the name of the item's NacosConfig, whoever made it. */
  existing: NacosConfig | undefined;
  /** Whether both sides were seen as a whole. */
  isComplete: boolean;
  /** Whether it has been unwanted for long enough. */
  isSettled: boolean;
  isHeld: boolean;
}

export type ChildAction =
  | { kind: 'none' }
  | { kind: 'create'; child: NacosConfig; reason: string }
  | { kind: 'patch'; operations: JsonPatchOperation[]; reason: string }
  | { kind: 'wait' | 'keep' | 'hold'; reason: string }
  | { kind: 'remove'; reason: string }
  /** The operations come before the deletion. */
  | { kind: 'release'; operations: JsonPatchOperation[]; reason: string }
  | { kind: 'blocked'; reason: string };

export function planChild(input: ChildInput): ChildAction {
  const { sync, desired, existing } = input;
  const isOurs = existing !== undefined && isControlledBy(existing, sync.metadata.uid ?? '');
  if (desired !== undefined && existing === undefined && sync.spec.suspend) return { kind: 'none' };
  if (desired !== undefined) return planWanted(desired, existing, isOurs);
  if (existing === undefined || !isOurs || isEnding(existing)) return { kind: 'none' };
  return planUnwanted(input, existing);
}

/** Whether the dataId goes with its NacosConfig, so that the guard has a say. */
export function removesFromNacos({ spec }: NacosConfigSync): boolean {
  return spec.source === 'Kubernetes' && spec.syncDeletion && spec.deletionPolicy === 'Delete';
}

function planWanted(desired: NacosConfig, existing: NacosConfig | undefined, isOurs: boolean): ChildAction {
  if (existing === undefined) return { kind: 'create', child: desired, reason: 'The item is new' };
  if (!isOurs) {
    const reason = `NacosConfig '${existing.metadata.name}' exists and was not made by this NacosConfigSync; delete it`;
    return { kind: 'blocked', reason };
  }
  if (isEnding(existing)) return { kind: 'wait', reason: 'The former NacosConfig of the item is being deleted' };
  const operations = patchOf(existing, desired);
  if (operations.length === 0) return { kind: 'none' };
  const fields = operations.map(({ path }) => path.slice(1).replaceAll('/', '.')).join(', ');
  return { kind: 'patch', operations, reason: `It differs in ${fields}` };
}

function planUnwanted(input: ChildInput, existing: NacosConfig): ChildAction {
  const { sync, isComplete, isHeld, isSettled } = input;
  if (sync.spec.suspend) return { kind: 'keep', reason: 'The NacosConfigSync is suspended' };
  if (!isComplete) return { kind: 'keep', reason: 'Not all objects and dataIds have been seen yet' };
  if (!isSettled) return { kind: 'wait', reason: 'The item has only just gone' };
  if (isHeld) return { kind: 'hold', reason: 'Too many items would go at once' };
  if (removesFromNacos(sync)) return { kind: 'remove', reason: 'The item is gone; its dataId goes with it' };
  return { kind: 'release', operations: releasePatch(existing), reason: 'The item is gone; its dataId stays in Nacos' };
}

function isEnding({ metadata }: NacosConfig): boolean {
  return metadata.deletionTimestamp !== undefined;
}
