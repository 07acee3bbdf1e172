/**
 * A JSON Schema (draft 2020-12) that a content must satisfy.
 *
 * Guarantees: compiled once for each text of a schema; nothing is fetched, so `$ref` reaches within the schema only;
 * what is told of a defect is where it is and which rule it breaks, never a value of the content. A pattern or a reference
 * of a schema may search forever: it is for threads that can be ended.
 */
import type { ErrorObject, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { BridgeError, messageOf } from '../../errors.ts';
import type { ContentDocument } from './reading.ts';

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';
const OPTIONS = { strict: false, allErrors: true, validateFormats: false, logger: false } as const;
/** Of schemas that are kept compiled, in characters of all. */
const MAX_COMPILED = 1_000_000;

const compiled = new Map<string, ValidateFunction>();
let compiledLength = 0;
let metaSchema: Ajv2020 | undefined;

/** @throws BridgeError INVALID_SPEC when the schema itself is wrong. */
export function compileSchema(text: string): ValidateFunction {
  const known = compiled.get(text);
  if (known) return known;
  const validate = compile(JSON.parse(text));
  compiledLength += text.length;
  compiled.set(text, validate);
  for (const oldest of compiled.keys()) {
    if (compiledLength <= MAX_COMPILED) break;
    compiledLength -= oldest.length;
    compiled.delete(oldest);
  }
  return validate;
}

export interface Defects {
  readonly count: number;
  /** The first ones in words, in the order of the documents. */
  readonly told: readonly string[];
}

/** @throws BridgeError INVALID_SPEC when the content is too deep for the schema. */
export function defectsOf(
  documents: readonly ContentDocument[],
  validate: ValidateFunction,
  mostTold: number,
): Defects {
  let count = 0;
  const told: string[] = [];
  for (const [index, document] of documents.entries()) {
    const errors = withinStack(() => validate(document.value)) ? [] : (validate.errors ?? []);
    const title = documents.length > 1 ? `document ${index + 1}: ` : '';
    told.push(...errors.slice(0, mostTold - told.length).map((error) => title + describe(error, document)));
    count += errors.length;
  }
  return { count, told };
}

function compile(schema: unknown): ValidateFunction {
  const judge = (metaSchema ??= new Ajv2020(OPTIONS));
  const { $schema: draft = DRAFT } = schema as { $schema?: unknown };
  if (String(draft).replace(/#$/, '') !== DRAFT)
    throw invalid(`must be of draft 2020-12: \`$schema\` must be '${DRAFT}'`);
  if (!withinStack(() => judge.validateSchema(schema as object))) {
    const [error] = judge.errors ?? [];
    throw invalid(`must be a JSON Schema: ${error?.instancePath || '(root)'} ${error?.message ?? ''}`.trim());
  }
  try {
    // One of its own for each, since an instance keeps every `$id` that it has seen.
    return new Ajv2020({ ...OPTIONS, meta: false, validateSchema: false }).compile(schema as object);
  } catch (error) {
    throw invalid(`cannot be used: ${messageOf(error)}`, error);
  }
}

/** A content may hold itself by an alias, and a schema is as deep as it was written. */
function withinStack<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) throw invalid('takes too deep a search through this content', error);
    throw error;
  }
}

function describe({ instancePath, keyword, message, params }: ErrorObject, document: ContentDocument): string {
  const segments = instancePath.split('/').slice(1).map(unescaped);
  const surplus = (params['additionalProperty'] ?? params['unevaluatedProperty']) as string | undefined;
  const place = document.placeOf(surplus === undefined ? segments : [...segments, surplus]);
  const where = place ? ` (line ${place.line}, column ${place.column})` : '';
  const what = surplus === undefined ? message : `${message}, and has '${surplus}'`;
  return `${instancePath || '(root)'}${where} ${what ?? `breaks the rule '${keyword}'`}${choicesOf(params)}`;
}

/** What `enum` and `const` allow is said by the schema, not by the content. */
function choicesOf(params: ErrorObject['params']): string {
  const allowed = (params['allowedValues'] ?? ('allowedValue' in params ? [params['allowedValue']] : [])) as unknown[];
  const text = allowed.map((value) => JSON.stringify(value)).join(', ');
  return text === '' || text.length > 100 ? '' : `: ${text}`;
}

function unescaped(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~');
}

function invalid(rule: string, cause?: unknown): BridgeError {
  return new BridgeError('INVALID_SPEC', `\`spec.validation.jsonSchema\` ${rule}`, { cause });
}
