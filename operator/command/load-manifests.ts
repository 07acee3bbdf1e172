/** The manifests of a command line, read, admitted and checked: where every command over manifests begins. */
import { BridgeError } from '../errors.ts';
import type { ValidateOptions } from '../options/manifest-options.ts';
import { Admissions } from './admission.ts';
import { checkManifests } from './check-manifests.ts';
import type { ClusterReader } from './cluster-reader.ts';
import { concurrently } from './concurrently.ts';
import { readManifestFiles } from './manifest-files.ts';
import { ManifestSet, type JudgedManifest } from './manifest-set.ts';
import type { Manifest } from './manifest.ts';
import { inOrder, problemOf, type Problem } from './problem.ts';

export interface LoadedManifests {
  readonly files: number;
  readonly set: ManifestSet;
  /** In the order of files and lines, as the warnings are. */
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

const REQUESTS_AT_ONCE = 16;

/**
 * @param cluster judges as well, where there is one, and tells what would be changed
 * @throws BridgeError INVALID_OPTION for what cannot be read, and for no object at all
 */
export async function loadManifests(
  { files: operands, namespace, strict }: ValidateOptions,
  input: NodeJS.ReadableStream,
  cluster?: ClusterReader,
): Promise<LoadedManifests> {
  const [read, admissions] = await Promise.all([readManifestFiles(operands, input), Admissions.load(namespace)]);
  const { empty, files, manifests, skipped } = read;
  if (manifests.length === 0 && read.problems.length === 0 && skipped.length === 0) {
    const where = operands.map((operand) => (operand === '-' ? 'standard input' : `'${operand}'`)).join(', ');
    throw new BridgeError('INVALID_OPTION', `there is no object in ${where}`);
  }
  const judged = await concurrently(manifests, REQUESTS_AT_ONCE, (manifest) => judge(manifest, admissions, cluster));
  const { problems, set } = ManifestSet.admit(judged);
  const checks = await checkManifests(set);
  const others = set.passedOver.map((manifest) => problemOf(manifest, '', 'is of a kind that is not checked'));
  const warnings = [...skipped, ...empty, ...checks.notChecked, ...(strict ? others : [])];
  return {
    files,
    set,
    problems: inOrder([...read.problems, ...problems, ...checks.problems]),
    warnings: inOrder(warnings),
  };
}

/** By our own rules first, which know the line. */
async function judge(manifest: Manifest, admissions: Admissions, cluster?: ClusterReader): Promise<JudgedManifest> {
  const object = admissions.placed(manifest);
  const admission = admissions.admit(manifest, await cluster?.stored(object));
  if (admission.kind !== 'admitted') return { manifest, admission };
  const refusal = await cluster?.refusalOf(object);
  if (refusal === undefined) return { manifest, admission };
  const problems = [problemOf(manifest, '', `the API server would refuse it: ${refusal}`)];
  return { manifest, admission: { kind: 'refused', problems } };
}
