/** What is told of a content that takes more than an examination may: the field, the limit and what to do. */
import { BridgeError } from '../../errors.ts';
import type { ExaminationLimits, Excess } from './examiner.ts';
import type { ContentTask } from './task.ts';

export function tooMuch(excess: Excess, task: ContentTask, { budgetMs, memoryMb }: ExaminationLimits): BridgeError {
  const limit = excess === 'time' ? `${budgetMs / 1_000} s of processor time` : `${memoryMb} MB of memory`;
  const { what, remedy } = adviceFor(task);
  const message = `${what} takes more than ${limit}; ${remedy}. It is tried again when one of the two changes`;
  return new BridgeError('VALIDATION_TOO_SLOW', message);
}

function adviceFor(task: ContentTask): { what: string; remedy: string } {
  if (task.kind === 'entries') {
    const what = `Taking the content apart as ${task.format}, for \`spec.mirror.format\` 'Env',`;
    return { what, remedy: "make the content smaller, or use 'File'" };
  }
  if (task.schema === undefined) {
    const what = `Checking the content as ${task.format}`;
    return { what, remedy: 'make it smaller or simpler, or set `spec.validation.syntax` to false' };
  }
  const what = 'Checking the content against `spec.validation.jsonSchema`';
  const remedy = 'make its patterns (no repetition within a repetition) and references simpler, or the content smaller';
  return { what, remedy };
}
