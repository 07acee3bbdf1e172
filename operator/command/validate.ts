/**
 * `nacos-bridge validate`: whether manifests would be accepted, by the API server and by the operator, without either.
 *
 * Problems go to standard output, one a line as compilers tell theirs, and so does the summary at the end; warnings go to
 * standard error. As JSON all of it is one object on standard output.
 */
import type { ValidateOptions } from '../options/manifest-options.ts';
import { loadManifests, type LoadedManifests } from './load-manifests.ts';
import { counted, problemJson, problemText, warningText } from './problem.ts';
import type { Streams } from './streams.ts';

/**
 * @returns the exit code: 0 when nothing is wrong, else 1
 * @throws BridgeError INVALID_OPTION for what cannot be read, and for no object at all
 */
export async function runValidate(options: ValidateOptions, streams: Streams): Promise<0 | 1> {
  const loaded = await loadManifests(options, streams.input);
  if (options.output === 'json') streams.output.write(`${JSON.stringify(jsonOf(loaded), undefined, 2)}\n`);
  else tell(loaded, streams);
  const { problems, warnings } = loaded;
  return problems.length === 0 && (!options.strict || warnings.length === 0) ? 0 : 1;
}

function tell(loaded: LoadedManifests, { errors, output }: Streams): void {
  const { files, problems, set, warnings } = loaded;
  for (const problem of problems) output.write(`${problemText(problem)}\n`);
  for (const warning of warnings) errors.write(`${warningText(warning)}\n`);
  const counts = [
    counted(problems.length, 'problem'),
    ...(warnings.length > 0 ? [counted(warnings.length, 'warning')] : []),
    `${counted(inOrderOf(loaded), 'object')} in ${counted(files, 'file')} in order`,
    ...(set.passedOver.length > 0 ? [`${counted(set.passedOver.length, 'object')} of other kinds passed over`] : []),
  ];
  output.write(`${counts.join('; ')}\n`);
}

function jsonOf(loaded: LoadedManifests): object {
  const { files, problems, set, warnings } = loaded;
  return {
    problems: problems.map(problemJson),
    warnings: warnings.map(problemJson),
    summary: {
      problems: problems.length,
      warnings: warnings.length,
      files,
      inOrder: inOrderOf(loaded),
      passedOver: set.passedOver.length,
    },
  };
}

/** Objects without a problem. */
function inOrderOf({ problems, set }: LoadedManifests): number {
  const wrong = new Set(problems.map(({ file, title }) => `${file} ${title}`));
  return set.manifests.filter(({ file, title }) => !wrong.has(`${file} ${title}`)).length;
}
