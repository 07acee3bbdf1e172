/**
 * What can be wrong with NacosConfigs, those of items among them, beyond what the API server checks: their contents, the schemas
 * for these, and the entries that are made of them.
 */
import type { NacosConnection } from '../api/resources.ts';
import { compileIntent, type ConfigIntent, type DeclaringIntent } from '../config-sync/intent.ts';
import { checkUse } from '../config-sync/use.ts';
import { checkContent, entriesOf } from '../config-sync/validation.ts';
import { Allowance } from '../connections/allowance.ts';
import { isBridgeError, type BridgeError } from '../errors.ts';
import { ManifestPlace } from './manifest-place.ts';
import type { Entry, ManifestSet } from './manifest-set.ts';
import { problemOf, specProblem, type Problem } from './problem.ts';
import type { CompiledConfig } from './rival-claims.ts';
import type { DeclaredConfig } from './sync-items.ts';

export interface ConfigChecks {
  readonly problems: readonly Problem[];
  /** Of contents that are not among the manifests. */
  readonly notChecked: readonly Problem[];
}

/** `intents` are those of the configs whose specs are right. */
export async function checkConfigs(
  configs: readonly DeclaredConfig[],
  set: ManifestSet,
): Promise<ConfigChecks & { intents: readonly CompiledConfig[] }> {
  const problems: Problem[] = [];
  const notChecked: Problem[] = [];
  const intents: CompiledConfig[] = [];
  for (const { entry, origin } of configs) {
    try {
      const connection = connectionOf(entry, set);
      const intent = compileIntent(entry.object, connection?.spec.namespaceId ?? '');
      checkUse({ allowance: allowanceOf(connection) }, entry.object.metadata.namespace, intent.address);
      intents.push({ entry, origin, intent });
      await checkHasEntries(intent);
      if (intent.source === 'Nacos') continue;
      await checkSchema(intent.validation.jsonSchema);
      const note = await check(entry, intent, set, problems);
      if (note) notChecked.push(note);
    } catch (error) {
      if (!isBridgeError(error)) throw error;
      problems.push(specProblem(entry.manifest, error));
    }
  }
  return { problems, notChecked, intents };
}

/** Whether it is a schema at all, whatever the content. @throws BridgeError INVALID_SPEC */
export async function checkSchema(jsonSchema: unknown): Promise<void> {
  try {
    if (jsonSchema === undefined) return;
    const rules = { format: 'json', validation: { syntax: false, jsonSchema } } as const;
    await checkContent('{}', rules, { isSecret: false, namespace: '' });
  } catch (error) {
    if (!isBridgeError(error, 'INVALID_CONTENT')) throw error;
  }
}

/** Whether entries can be made of this format at all. @throws BridgeError INVALID_SPEC */
async function checkHasEntries({ format, mirror }: ConfigIntent): Promise<void> {
  if (mirror?.content.format !== 'Env') return;
  try {
    await entriesOf('', { format, kind: mirror.kind, namespace: '' });
  } catch (error) {
    // No content is no valid one in some formats.
    if (!isBridgeError(error, 'INVALID_CONTENT')) throw error;
  }
}

/** Undefined where it is not among the manifests. */
function connectionOf({ object }: Entry<'NacosConfig'>, set: ManifestSet): NacosConnection | undefined {
  const { connectionRef } = object.spec;
  return connectionRef && set.find('NacosConnection', object.metadata.namespace ?? '', connectionRef.name)?.object;
}

/** What the operator was told of its default connection is not known here. */
function allowanceOf(connection: NacosConnection | undefined): Allowance {
  const allow = connection?.spec.allow;
  return new Allowance({ title: `NacosConnection '${connection?.metadata.name}'`, rules: allow && [allow] });
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
      const content = await placed.content();
      await checkContent(content, intent, place);
      if (intent.mirror?.content.format === 'Env') {
        const { namespace } = place;
        await entriesOf(content, { format: intent.format, kind: intent.mirror.kind, namespace });
      }
      return undefined;
    }
    const absence = problemOf(entry.manifest, 'spec.contentFrom', placed.message);
    if (place.origin === undefined) return { ...absence, message: `${absence.message}, so its content is not checked` };
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
