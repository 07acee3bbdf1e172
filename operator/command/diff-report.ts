/** What `diff` has found, for people and for programs. */
import type { Entry } from './manifest-set.ts';
import { isDifference, verdicts, type PlannedChange } from './planned-change.ts';
import { problemJson, problemOf, problemText, warningText, type Problem } from './problem.ts';
import type { Streams } from './streams.ts';

export interface DiffResult {
  readonly entry: Entry<'NacosConfig'>;
  readonly change?: PlannedChange;
  /** Why it could not be compared. */
  readonly failure?: string;
}

export interface DiffReport {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** None where nothing was compared, because of a problem. */
  readonly results: readonly DiffResult[];
}

export function diffTitleOf({ object: { metadata } }: Entry<'NacosConfig'>): string {
  return `NacosConfig ${metadata.namespace}/${metadata.name}`;
}

/** Differences go to standard output, and everything else to standard error. */
export function tellDiff({ problems, results, warnings }: DiffReport, { errors, output }: Streams): void {
  for (const problem of problems) errors.write(`${problemText(problem)}\n`);
  for (const warning of warnings) errors.write(`${warningText(warning)}\n`);
  for (const { change, entry, failure } of results) {
    if (failure !== undefined) errors.write(`${problemText(problemOf(entry.manifest, '', failure))}\n`);
    if (change === undefined || change.verdict === 'unchanged') continue;
    const line = `# ${diffTitleOf(entry)}: ${change.verdict}${change.message === '' ? '' : `: ${change.message}`}\n`;
    (isDifference(change) ? output : errors).write(line + change.patch);
  }
  const { counted, notCompared } = countsOf(results);
  const counts = counted.map(([verdict, count]) => `${count} ${verdict}`);
  if (notCompared > 0) counts.push(`${notCompared} not compared`);
  errors.write(problems.length > 0 ? 'nothing was compared\n' : `${counts.join(', ')}\n`);
}

export function diffJson({ problems, results, warnings }: DiffReport): object {
  const { counted, notCompared } = countsOf(results);
  const failures = results.flatMap(({ entry, failure }) =>
    failure === undefined ? [] : [problemOf(entry.manifest, '', failure)],
  );
  const changes = results.flatMap(({ change, entry: { manifest, object } }) => {
    const { name, namespace } = object.metadata;
    return change === undefined ? [] : [{ namespace, name, file: manifest.file, ...change }];
  });
  return {
    problems: [...problems, ...failures].map(problemJson),
    warnings: warnings.map(problemJson),
    changes,
    summary: { ...Object.fromEntries(counted), 'not compared': notCompared },
  };
}

/** How many there are of each verdict, and how many without one. */
function countsOf(results: readonly DiffResult[]) {
  const count = (verdict: string) => results.filter(({ change }) => change?.verdict === verdict).length;
  return {
    counted: verdicts.map((verdict) => [verdict, count(verdict)] as const),
    notCompared: results.filter(({ failure }) => failure !== undefined).length,
  };
}
