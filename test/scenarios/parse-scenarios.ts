/**
 * Reads scenario files and checks them: the format is described in scenario.ts. What is wrong is an error that names
 * file, line and rule; nothing is ignored.
 */
import { readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { LineCounter, parseAllDocuments } from 'yaml';
import { Reader } from './reader.ts';
import { endpointSlice, instanceExpectations, place, serviceTarget } from './parse-services.ts';
import { apiVersions } from './scenario.ts';
import type {
  ConditionExpectation,
  ConfigTarget,
  Expectation,
  Manifest,
  ObjectTarget,
  Prohibition,
  Scenario,
  Step,
} from './scenario.ts';

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
    case 'endpoints':
      return { do: 'apply', objects: [inner().whole(endpointSlice)] };
    case 'register':
    case 'deregister':
      return inner().whole((body) => ({
        do: key,
        target: serviceTarget(body),
        at: place(body.text('at'), body.where),
      }));
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
      writer: body.optionalText('writer'),
    };
    return { on: 'config', withinMs, target: configTarget(body, 'config'), state };
  }
  if (body.has('service')) {
    const [instances, disabled] = [instanceExpectations(body, 'instances'), instanceExpectations(body, 'disabled')];
    return { on: 'service', withinMs, target: serviceTarget(body), state: { instances, disabled } };
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
