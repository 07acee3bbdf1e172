/**
 * `nacos-bridge validate`: whether manifests would be accepted, by the API server and by the operator, without either.
 *
 * Problems go to standard output, one a line as compilers tell theirs, and so does the summary at the end; what could not
 * be checked goes to standard error.
 */
import type { ValidateOptions } from '../options/manifest-options.ts';
import { loadManifests } from './load-manifests.ts';
import { problemText } from './problem.ts';
import type { Streams } from './streams.ts';

/** @returns the exit code: 0 when nothing is wrong, else 1. @throws BridgeError INVALID_OPTION for what cannot be read */
export async function runValidate({ files: operands, namespace }: ValidateOptions, streams: Streams): Promise<0 | 1> {
  const { files, notChecked, problems, set } = await loadManifests(operands, namespace, streams.input);
  for (const problem of problems) streams.output.write(`${problemText(problem)}\n`);
  for (const note of notChecked) streams.errors.write(`${problemText(note)}, so its content is not checked\n`);
  const counts = [
    counted(problems.length, 'problem'),
    `${counted(set.size, 'object')} in ${counted(files, 'file')} in order`,
    ...(set.passedOver > 0 ? [`${counted(set.passedOver, 'object')} of other kinds passed over`] : []),
  ];
  streams.output.write(`${counts.join('; ')}\n`);
  return problems.length === 0 ? 0 : 1;
}

function counted(count: number, noun: string): string {
  return `${count === 0 ? 'no' : count} ${noun}${count === 1 ? '' : 's'}`;
}
