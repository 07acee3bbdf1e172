/**
 * A content taken apart into the entries that `envFrom` reads: a flat map of properties, YAML, JSON or TOML, each scalar
 * as the text that it is written as.
 *
 * Pure. Nothing is left out in silence: an entry that has no place in the object is an error, and nothing is written.
 * A content that goes into a Secret is quoted in no message, not even its keys; entries are counted instead.
 */
import { parseTree } from 'jsonc-parser';
import { parse as parseToml, TomlDate } from 'smol-toml';
import { isAlias, isMap, isScalar, parseAllDocuments, type Document, type YAMLMap } from 'yaml';
import { BridgeError } from '../../errors.ts';
import { DATA_KEY_RULE, isDataKey } from '../../kube/limits.ts';
import { checkSyntax } from '../formats/check-syntax.ts';
import type { ConfigFormat } from '../formats/format.ts';
import { propertiesOf } from '../formats/properties.ts';
import type { MirrorKind } from './mirror-target.ts';

/** `text` is undefined for what is no scalar. */
interface Entry {
  readonly key: string;
  readonly text: string | undefined;
}

/** The entries in their order; undefined for a content that is no map. */
type ReadEntries = (content: string) => Entry[] | undefined;

const readers: Partial<Record<ConfigFormat, ReadEntries>> = {
  properties: (content) => propertiesOf(content).map(({ key, value }) => ({ key, text: value })),
  yaml: readYaml,
  json: readJson,
  toml: readToml,
};

/** More than any process is started with; each is a key of the object. */
const MAX_ENTRIES = 10_000;

/** @throws BridgeError INVALID_SPEC for a format that has no entries, INVALID_CONTENT with the entry and the rule. */
export function envEntries(content: string, format: ConfigFormat, kind: MirrorKind): Record<string, string> {
  const read = readers[format];
  if (read === undefined) {
    const rule =
      "must be 'properties', 'yaml', 'json' or 'toml' when `mirror.format` is 'Env'; it is that of the dataId's extension unless it is set";
    throw new BridgeError('INVALID_SPEC', `\`spec.format\` '${format}' ${rule}`);
  }
  checkIsValid(content, format, kind);
  const entries = read(content);
  if (entries === undefined) throw invalid(`The content must be one flat map of keys and scalars`);
  if (entries.length > MAX_ENTRIES) {
    throw invalid(
      `The content has ${entries.length} entries, and an object of variables must have at most ${MAX_ENTRIES}`,
    );
  }
  for (const [index, { key, text }] of entries.entries()) {
    const entry = kind === 'Secret' ? `Entry ${index + 1} of the content` : `Key '${key.slice(0, 100)}'`;
    if (!isDataKey(key)) throw invalid(`${entry}: a key ${DATA_KEY_RULE}`);
    if (text === undefined) throw invalid(`${entry} must hold a scalar, and holds a map or a list`);
  }
  return Object.fromEntries(entries.map(({ key, text = '' }) => [key, text]));
}

function checkIsValid(content: string, format: ConfigFormat, kind: MirrorKind): void {
  const problem = checkSyntax(content, format);
  if (problem === undefined) return;
  const place = `line ${problem.line}, column ${problem.column}`;
  throw invalid(`The content is not valid ${format}: ${place}${kind === 'Secret' ? '' : `: ${problem.message}`}`);
}

/** A number keeps its digits: `1.10` stays `1.10`. */
function readYaml(content: string): Entry[] | undefined {
  const documents = [...parseAllDocuments(content, { uniqueKeys: false })] as Document[];
  const [document] = documents;
  if (documents.length > 1) return undefined;
  if (document === undefined || document.contents === null) return [];
  if (!isMap(document.contents)) return undefined;
  const anchored = anchoredScalars(document.contents);
  return document.contents.items.map(({ key, value }) => ({
    key: isScalar(key) ? String(key.value) : '',
    text: yamlText(isAlias(value) ? anchored.get(value.source) : value),
  }));
}

/** The parser looks through the whole document for each alias. What is anchored within a value is no entry. */
function anchoredScalars({ items }: YAMLMap): Map<string, unknown> {
  const nodes = items.flatMap(({ key, value }) => [key, value]).filter(isScalar);
  return new Map(nodes.flatMap((node) => (node.anchor === undefined ? [] : [[node.anchor, node]])));
}

function yamlText(node: unknown): string | undefined {
  if (node === null) return '';
  if (!isScalar(node)) return undefined;
  if (node.value === null) return '';
  return typeof node.value === 'string' ? node.value : node.source;
}

function readJson(content: string): Entry[] | undefined {
  const tree = parseTree(content);
  if (tree?.type !== 'object') return undefined;
  return (tree.children ?? []).map(({ children: [key, value] = [] }) => ({
    key: String(key?.value),
    text: value && jsonText(value.type, value.value, content.slice(value.offset, value.offset + value.length)),
  }));
}

function jsonText(type: string, value: unknown, source: string): string | undefined {
  if (type === 'object' || type === 'array') return undefined;
  if (type === 'null') return '';
  return type === 'string' ? String(value) : source;
}

function readToml(content: string): Entry[] {
  return Object.entries(parseToml(content, { integersAsBigInt: 'asNeeded' })).map(([key, value]) => ({
    key,
    text: tomlText(value),
  }));
}

function tomlText(value: unknown): string | undefined {
  if (value instanceof TomlDate) return value.toISOString();
  return typeof value === 'object' ? undefined : `${value as string | number | bigint | boolean}`;
}

function invalid(message: string): BridgeError {
  return new BridgeError('INVALID_CONTENT', `${message}; nothing was mirrored`);
}
