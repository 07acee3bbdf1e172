/**
 * What can be wrong with the NacosConfigs of some manifests beyond what the API server checks: their contents, and two
 * that claim one dataId.
 */
import { compileIntent, connectionOf, type ConfigIntent, type DeclaringIntent } from '../config-sync/intent.ts';
import { checkContent } from '../config-sync/validation.ts';
import { isBridgeError, type BridgeError } from '../errors.ts';
import { keyText } from '../nacos/index.ts';
import { ManifestPlace } from './manifest-place.ts';
import { placeText, type Entry, type ManifestSet } from './manifest-set.ts';
import { problemOf, type Problem } from './problem.ts';

export interface ConfigChecks {
  readonly problems: readonly Problem[];
  /** Of contents that are not among the manifests. */
  readonly notChecked: readonly Problem[];
}

export async function checkConfigs(set: ManifestSet): Promise<ConfigChecks> {
  const problems: Problem[] = [];
  const notChecked: Problem[] = [];
  const claims = new Map<string, Entry<'NacosConfig'>>();
  for (const entry of set.all('NacosConfig')) {
    try {
      const intent = compileIntent(entry.object, namespaceIdOf(entry, set));
      if (intent.source === 'Nacos') continue;
      const rival = claim(claims, entry, intent);
      if (rival) problems.push(problemOf(entry.manifest, 'spec.dataId', rivalText(rival)));
      const note = await check(entry, intent, set, problems);
      if (note) notChecked.push(note);
    } catch (error) {
      if (!isBridgeError(error)) throw error;
      problems.push(specProblem(entry, error));
    }
  }
  return { problems, notChecked };
}

/** The Nacos namespace of the connection; '' where it is not among the manifests. */
function namespaceIdOf({ object }: Entry<'NacosConfig'>, set: ManifestSet): string {
  const { connectionRef } = object.spec;
  if (connectionRef === undefined) return '';
  return (
    set.find('NacosConnection', object.metadata.namespace ?? '', connectionRef.name)?.object.spec.namespaceId ?? ''
  );
}

async function check(
  entry: Entry<'NacosConfig'>,
  intent: DeclaringIntent,
  set: ManifestSet,
  problems: Problem[],
): Promise<Problem | undefined> {
  const place = ManifestPlace.of(intent.content, entry, set);
  try {
    const placed = await place.read();
    if (placed.kind === 'present') {
      await checkContent(placed.content, intent, place);
      return undefined;
    }
    const absence = problemOf(entry.manifest, 'spec.contentFrom', placed.message);
    if (place.origin === undefined) return absence;
    // With Both it is created from what Nacos holds.
    if (intent.source === 'Kubernetes') problems.push(absence);
    return undefined;
  } catch (error) {
    if (!isBridgeError(error, 'INVALID_CONTENT')) throw error;
    problems.push(contentProblem(entry, place, error));
    return undefined;
  }
}

/** At the line of the file, where the message names a line of the content. */
function contentProblem(entry: Entry<'NacosConfig'>, { origin }: ManifestPlace, { message }: BridgeError): Problem {
  const { manifest, field } = origin ?? { manifest: entry.manifest, field: 'spec.contentFrom' };
  const [, line, column] = /line (\d+), column (\d+)/.exec(message) ?? [];
  const place =
    line === undefined
      ? manifest.placeOf(field)
      : manifest.placeWithin(field, { line: Number(line), column: Number(column) });
  const subject = manifest === entry.manifest ? '' : `, as ${entry.manifest.title} publishes it`;
  return { ...place, file: manifest.file, title: manifest.title, field, message: `${message}${subject}` };
}

/** Messages about a spec name their field first. */
function specProblem({ manifest }: Entry<'NacosConfig'>, { message }: BridgeError): Problem {
  const field = /`(spec(?:\.\w+)*)`/.exec(message)?.[1] ?? 'spec';
  return problemOf(manifest, field, message);
}

function claim(
  claims: Map<string, Entry<'NacosConfig'>>,
  entry: Entry<'NacosConfig'>,
  { address }: ConfigIntent,
): Entry<'NacosConfig'> | undefined {
  const key = `${connectionOf(entry.object)} ${keyText(address)}`;
  const first = claims.get(key);
  if (first === undefined) claims.set(key, entry);
  return first;
}

function rivalText({ manifest }: Entry<'NacosConfig'>): string {
  return `the dataId is already declared by ${manifest.title} in ${placeText(manifest)}; only one of them can own it`;
}
