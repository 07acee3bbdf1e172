/**
 * The manifests of a command line: files, folders with all that is below them, and `-` for standard input.
 *
 * A folder may hold other YAML than manifests (values of charts, for one), so what is no object there is passed over, and
 * templates are with a warning; in a file that was named either is a problem.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { API_GROUP } from '../api/names.ts';
import type { ContentDocument } from '../config-sync/formats/reading.ts';
import { readYaml } from '../config-sync/formats/yaml.ts';
import { BridgeError, messageOf } from '../errors.ts';
import { Manifest, type ManifestObject } from './manifest.ts';
import type { Problem } from './problem.ts';
import { isTemplate } from './template-file.ts';

export interface ManifestFiles {
  readonly files: number;
  readonly manifests: readonly Manifest[];
  readonly problems: readonly Problem[];
  /** Templates, which are left out. */
  readonly skipped: readonly Problem[];
  /** Of those that were named. */
  readonly empty: readonly Problem[];
}

const STDIN = '-';
const MANIFEST_FILE = /\.(ya?ml|json)$/;
const PASSED_OVER = /^(\..*|node_modules)$/;

/** @throws BridgeError INVALID_OPTION for what cannot be read or holds no file of manifests. */
export async function readManifestFiles(
  operands: readonly string[],
  input: NodeJS.ReadableStream,
): Promise<ManifestFiles> {
  const sources = (await Promise.all(operands.map(sourcesOf))).flat();
  const found: Omit<ManifestFiles, 'files'>[] = [];
  for (const { file, isNamed } of sources) {
    const content = file === STDIN ? await text(input) : await read(file, () => readFile(file, 'utf8'));
    found.push(parse(file === STDIN ? '(standard input)' : file, content, isNamed));
  }
  return {
    files: sources.length,
    manifests: found.flatMap(({ manifests }) => manifests),
    problems: found.flatMap(({ problems }) => problems),
    skipped: found.flatMap(({ skipped }) => skipped),
    empty: found.flatMap(({ empty }) => empty),
  };
}

interface Source {
  readonly file: string;
  readonly isNamed: boolean;
}

async function sourcesOf(operand: string): Promise<Source[]> {
  if (operand === STDIN) return [{ file: STDIN, isNamed: true }];
  const status = await read(operand, () => stat(operand));
  if (!status.isDirectory()) return [{ file: operand, isNamed: true }];
  const files = await filesBelow(operand);
  if (files.length === 0) throw new BridgeError('INVALID_OPTION', `'${operand}' holds no *.yaml, *.yml or *.json`);
  return files.map((file) => ({ file, isNamed: false }));
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await read(folder, () => readdir(folder, { withFileTypes: true }));
  const shown = entries.filter(({ name }) => !PASSED_OVER.test(name)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const below = await Promise.all(
    shown.map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesBelow(path);
      return MANIFEST_FILE.test(entry.name) ? [path] : [];
    }),
  );
  return below.flat();
}

async function read<T>(path: string, reading: () => Promise<T>): Promise<T> {
  try {
    return await reading();
  } catch (error) {
    throw new BridgeError('INVALID_OPTION', `'${path}' cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function parse(file: string, content: string, isNamed: boolean): Omit<ManifestFiles, 'files'> {
  const told = (message: string, place = { line: 1, column: 1 }): Problem => {
    return { file, ...place, title: '', field: '', message };
  };
  const nothing = { manifests: [], problems: [], skipped: [], empty: [] };
  if (!isNamed && isTemplate(content)) {
    return { ...nothing, skipped: [told('is a template and is skipped; give what `helm template` makes of it')] };
  }
  const reading = readYaml(content);
  if (reading.problem) {
    const { column, line, message } = reading.problem;
    return { ...nothing, problems: [told(`is no YAML: ${message}`, { line, column })] };
  }
  const lines = content.split('\n');
  const objects = reading.documents().flatMap((document) => objectsOf(document));
  const manifests = objects.flatMap(({ document, object, path }) =>
    isObject(object) ? [new Manifest(file, lines, document, object, path)] : [],
  );
  const strangers = objects.filter(({ object }) => !isObject(object) && (isNamed || isOurs(object)));
  const problems = strangers.map(({ document, path }) => {
    return told(
      'is no object of Kubernetes: it must have `apiVersion`, `kind` and `metadata.name`',
      document.placeOf(path),
    );
  });
  return { ...nothing, manifests, problems, empty: isNamed && objects.length === 0 ? [told('holds no object')] : [] };
}

interface Found {
  readonly document: ContentDocument;
  readonly object: unknown;
  readonly path: readonly string[];
}

/** Of a list its items, as `kubectl get` and the API give them; nothing of a document that holds comments alone. */
function objectsOf(document: ContentDocument): Found[] {
  const { value } = document;
  if (value === null || value === undefined) return [];
  const { apiVersion, kind, items } = value as { apiVersion?: unknown; kind?: unknown; items?: unknown };
  const isList = typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items);
  if (!isList || isObject(value)) return [{ document, object: value, path: [] }];
  // The items of a NacosConfigList need not say again what they are.
  const type = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
  return items.map((item: unknown, index) => {
    return { document, object: Object.assign({}, type, item), path: ['items', String(index)] };
  });
}

function isOurs(value: unknown): boolean {
  return String((value as { apiVersion?: unknown }).apiVersion).startsWith(`${API_GROUP}/`);
}

function isObject(value: unknown): value is ManifestObject {
  if (typeof value !== 'object' || value === null) return false;
  const { apiVersion, kind, metadata } = value as { apiVersion?: unknown; kind?: unknown; metadata?: unknown };
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return false;
  return typeof metadata === 'object' && metadata !== null && typeof (metadata as { name?: unknown }).name === 'string';
}
