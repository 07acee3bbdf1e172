/** The manifests of a command line, read, admitted and checked: where every command over manifests begins. */
import { Admissions } from './admission.ts';
import { checkConfigs } from './check-configs.ts';
import { readManifestFiles } from './manifest-files.ts';
import { ManifestSet } from './manifest-set.ts';
import { inOrder, type Problem } from './problem.ts';

export interface LoadedManifests {
  readonly files: number;
  readonly set: ManifestSet;
  /** In the order of files and lines. */
  readonly problems: readonly Problem[];
  /** Of contents that are not among the manifests. */
  readonly notChecked: readonly Problem[];
}

/**
 * @param namespace of the objects that name none
 * @throws BridgeError INVALID_OPTION for what cannot be read
 */
export async function loadManifests(
  operands: readonly string[],
  namespace: string,
  input: NodeJS.ReadableStream,
): Promise<LoadedManifests> {
  const [read, admissions] = await Promise.all([readManifestFiles(operands, input), Admissions.load(namespace)]);
  const { problems, set } = ManifestSet.admit(read.manifests, admissions);
  const checks = await checkConfigs(set);
  const all = [...read.problems, ...problems, ...checks.problems];
  return { files: read.files, set, problems: inOrder(all), notChecked: inOrder(checks.notChecked) };
}
