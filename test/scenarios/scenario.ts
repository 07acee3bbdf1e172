/**
 * Scenarios as data: reads the YAML files of this folder and checks them.
 *
 * A file holds one scenario per YAML document. Strings may contain variables (template.ts lists them); every scenario
 * has a Kubernetes namespace of its own, `${ns}`, whose name also serves as prefix of its dataIds.
 *
 *   scenario: a sentence that says what is so
 *   steps:                                  played in order; each step has exactly one key
 *     - apply: [OBJECT, ...]                manifests; apiVersion may be left out for the kinds in `apiVersions`, and the
 *                                           namespace always is
 *     - refuse: {object: OBJECT, message: [TEXT, ...]}
 *                                           the API server refuses the manifest, and says all of these
 *     - patch: {object: KIND/NAME, merge: PATCH}
 *     - delete: KIND/NAME                   begins the deletion and does not wait
 *     - publish: {config: DATAID, group, namespaceId, content: TEXT}
 *                                           in Nacos, as an application does
 *     - tag: {config: DATAID, group, namespaceId, tags: [TEXT, ...]}
 *                                           in Nacos, as a console user does
 *     - remove: {config: DATAID, group, namespaceId}
 *     - expect: [EXPECTATION, ...]          each is awaited, `withinMs` (5000 unless told) from the beginning of the step
 *     - stays: {forMs: N, expect: [EXPECTATION, ...]}
 *                                           each holds now and whenever looked at for that time
 *     - never: PROHIBITION                  from this step to the end of the scenario
 *
 *   EXPECTATION, one of
 *     {object: KIND/NAME, like: SUBSET, conditions: {TYPE: CONDITION}, absent: true, withinMs: N}
 *         like        a JSON subset: the members of maps that are named must be alike, each item of a list must be like
 *                     some item that is there, and a member that is null must be absent
 *         CONDITION   a status ("True"), or {status, reason, message: [TEXT, ...]} of which the message must contain all
 *                     texts; a condition counts only when it was made for the object's present generation
 *     {config: DATAID, group, namespaceId, content: TEXT, md5, type, description, appName, tags: [TEXT, ...],
 *      withoutTags: [TEXT, ...], absent: true, withinMs: N}
 *         tags        present among others; a text that ends in * is a prefix
 *     {event: KIND/NAME, reason: TEXT, type: Normal or Warning, message: [TEXT, ...], withinMs: N}
 *
 *   PROHIBITION, one of
 *     {objectWritten: KIND/NAME}            no write of the object by anybody
 *     {object: KIND/NAME, like: SUBSET}     the object is never seen so, not for a moment
 *     {configWritten: DATAID, group, namespaceId}   no insert, update or removal in Nacos by anybody
 */
import { readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { LineCounter, parseAllDocuments } from 'yaml';
import { Reader } from './reader.ts';

export interface ConditionExpectation {
  readonly status: string;
  readonly reason: string | undefined;
  readonly message: readonly string[];
}

export interface ConfigTarget {
  readonly dataId: string;
  readonly group: string;
  readonly namespaceId: string;
}

export interface ObjectTarget {
  readonly kind: string;
  readonly name: string;
}

export type Expectation = { readonly withinMs: number } & (
  | { readonly on: 'object'; readonly target: ObjectTarget; readonly state: ObjectState }
  | { readonly on: 'config'; readonly target: ConfigTarget; readonly state: ConfigState }
  | { readonly on: 'event'; readonly target: ObjectTarget; readonly state: EventState }
);

export interface ObjectState {
  readonly absent: boolean;
  readonly like: unknown;
  readonly conditions: ReadonlyMap<string, ConditionExpectation>;
}

export interface ConfigState {
  readonly absent: boolean;
  readonly fields: Readonly<Partial<Record<'content' | 'md5' | 'type' | 'description' | 'appName', string>>>;
  readonly tags: readonly string[];
  readonly withoutTags: readonly string[];
}

export interface EventState {
  readonly reason: string;
  readonly type: string | undefined;
  readonly message: readonly string[];
}

export type Prohibition =
  | { readonly on: 'objectWritten'; readonly target: ObjectTarget }
  | { readonly on: 'object'; readonly target: ObjectTarget; readonly like: unknown }
  | { readonly on: 'configWritten'; readonly target: ConfigTarget };

export type Step =
  | { readonly do: 'apply'; readonly objects: readonly Manifest[] }
  | { readonly do: 'refuse'; readonly object: Manifest; readonly message: readonly string[] }
  | { readonly do: 'patch'; readonly target: ObjectTarget; readonly merge: unknown }
  | { readonly do: 'delete'; readonly target: ObjectTarget }
  | { readonly do: 'publish'; readonly target: ConfigTarget; readonly content: string }
  | { readonly do: 'tag'; readonly target: ConfigTarget; readonly tags: readonly string[] }
  | { readonly do: 'remove'; readonly target: ConfigTarget }
  | { readonly do: 'expect'; readonly expectations: readonly Expectation[] }
  | { readonly do: 'stays'; readonly forMs: number; readonly expectations: readonly Expectation[] }
  | { readonly do: 'never'; readonly prohibition: Prohibition };

/** An object as a user writes it; the namespace is filled in by the runner. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

export interface Scenario {
  readonly title: string;
  /** File name without extension. */
  readonly topic: string;
  /** Counts from 1 within the file. */
  readonly number: number;
  /** Steps as written, with the line of each; they are parsed after their variables are filled in. */
  readonly steps: readonly RawStep[];
}

export interface RawStep {
  readonly line: number;
  readonly data: unknown;
}

export const apiVersions: Readonly<Record<string, string>> = {
  ConfigMap: 'v1',
  Secret: 'v1',
  NacosConfig: 'bridge.nacos.io/v1alpha1',
  NacosConnection: 'bridge.nacos.io/v1alpha1',
};

const defaultWithinMs = 5000;

/** Reads all scenario files of a folder. @throws Error that names file and line of what is wrong. */
export async function loadScenarios(folder: string): Promise<Scenario[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml')).sort();
  const scenarios = await Promise.all(
    files.map(async (file) => parseScenarios(basename(file, '.yaml'), await readFile(join(folder, file), 'utf8'))),
  );
  return scenarios.flat();
}

export function parseScenarios(topic: string, text: string): Scenario[] {
  const lines = new LineCounter();
  return [...parseAllDocuments(text, { lineCounter: lines })].map((document, index) => {
    const where = `${topic}.yaml`;
    const [problem] = [...document.errors, ...document.warnings];
    if (problem) throw new Error(`${where}: ${problem.message}`);
    const root = new Reader(document.toJS(), `${where}, document ${index + 1}`);
    const title = root.text('scenario');
    const steps = root.list('steps').map((data, step) => {
      const node = document.getIn(['steps', step], true) as { range?: [number, number, number] } | undefined;
      return { line: node?.range ? lines.linePos(node.range[0]).line : 0, data };
    });
    root.end();
    return { title, topic, number: index + 1, steps };
  });
}

/** @throws Error that names the key and the rule. */
export function parseStep(data: unknown, where: string): Step {
  const step = new Reader(data, where);
  const [key, ...others] = step.keys();
  if (key === undefined || others.length > 0) throw new Error(`${where}: a step must have exactly one key`);
  const inner = (): Reader => step.object(key);
  switch (key) {
    case 'apply':
      return { do: key, objects: step.list(key).map((object) => manifest(new Reader(object, `${where}, apply`))) };
    case 'refuse':
      return inner().whole((body) => ({
        do: key,
        object: manifest(body.object('object')),
        message: body.texts('message'),
      }));
    case 'patch':
      return inner().whole((body) => ({ do: key, target: objectTarget(body, 'object'), merge: body.any('merge') }));
    case 'delete':
      return { do: key, target: objectTarget(step, key) };
    case 'publish':
      return inner().whole((body) => ({
        do: key,
        target: configTarget(body, 'config'),
        content: body.text('content'),
      }));
    case 'tag':
      return inner().whole((body) => ({ do: key, target: configTarget(body, 'config'), tags: body.texts('tags') }));
    case 'remove':
      return inner().whole((body) => ({ do: key, target: configTarget(body, 'config') }));
    case 'expect':
      return { do: key, expectations: expectations(step, where) };
    case 'stays':
      return inner().whole((body) => ({
        do: key,
        forMs: body.number('forMs'),
        expectations: expectations(body, where),
      }));
    case 'never':
      return { do: key, prohibition: inner().whole(prohibition) };
    default:
      throw new Error(`${where}: there is no step "${key}"`);
  }
}

function manifest(body: Reader): Manifest {
  const kind = body.text('kind');
  const apiVersion = body.optionalText('apiVersion') ?? apiVersions[kind];
  if (apiVersion === undefined) throw new Error(`${body.where}: an object of kind ${kind} must have an apiVersion`);
  body.object('metadata').text('name');
  return { ...(body.value as Manifest), apiVersion };
}

function expectations(body: Reader, where: string): Expectation[] {
  return body.list('expect').map((data) => new Reader(data, `${where}, expect`).whole(expectation));
}

function expectation(body: Reader): Expectation {
  const withinMs = body.optionalNumber('withinMs') ?? defaultWithinMs;
  if (body.has('object')) {
    const conditions = body.optionalObject('conditions');
    const state = {
      absent: body.flag('absent'),
      like: body.any('like'),
      conditions: new Map(conditions?.keys().map((type) => [type, condition(conditions, type)])),
    };
    return { on: 'object', withinMs, target: objectTarget(body, 'object'), state };
  }
  if (body.has('config')) {
    const fields: Partial<Record<'content' | 'md5' | 'type' | 'description' | 'appName', string>> = {};
    for (const field of ['content', 'md5', 'type', 'description', 'appName'] as const) {
      const text = body.optionalText(field);
      if (text !== undefined) fields[field] = text;
    }
    const state = {
      absent: body.flag('absent'),
      fields,
      tags: body.texts('tags'),
      withoutTags: body.texts('withoutTags'),
    };
    return { on: 'config', withinMs, target: configTarget(body, 'config'), state };
  }
  const state = { reason: body.text('reason'), type: body.optionalText('type'), message: body.texts('message') };
  return { on: 'event', withinMs, target: objectTarget(body, 'event'), state };
}

function condition(conditions: Reader, type: string): ConditionExpectation {
  const short = conditions.any(type);
  if (typeof short === 'string') return { status: short, reason: undefined, message: [] };
  return conditions.object(type).whole((body) => ({
    status: body.text('status'),
    reason: body.optionalText('reason'),
    message: body.texts('message'),
  }));
}

function prohibition(body: Reader): Prohibition {
  if (body.has('objectWritten')) return { on: 'objectWritten', target: objectTarget(body, 'objectWritten') };
  if (body.has('configWritten')) return { on: 'configWritten', target: configTarget(body, 'configWritten') };
  return { on: 'object', target: objectTarget(body, 'object'), like: body.any('like') };
}

function objectTarget(body: Reader, key: string): ObjectTarget {
  const [kind = '', name = '', ...rest] = body.text(key).split('/');
  if (!(kind in apiVersions) || name === '' || rest.length > 0) {
    throw new Error(`${body.where}: ${key} must be KIND/NAME with one of ${Object.keys(apiVersions).join(', ')}`);
  }
  return { kind, name };
}

function configTarget(body: Reader, key: string): ConfigTarget {
  return {
    dataId: body.text(key),
    group: body.optionalText('group') ?? 'DEFAULT_GROUP',
    namespaceId: body.optionalText('namespaceId') ?? '',
  };
}
