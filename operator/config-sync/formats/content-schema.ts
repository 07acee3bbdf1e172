/**
 * A JSON Schema (draft 2020-12) that a content must satisfy.
 *
 * Guarantees: compiled once for each text of a schema; nothing is fetched, so `$ref` reaches within the schema only;
 * what is told of a defect is where it is and which rule it breaks, never a value of the content. A pattern of a schema
 * may take a regular expression forever, so the check has a time limit, and everybody else waits no longer than that.
 */
import { createContext, runInContext } from 'node:vm';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { BridgeError, messageOf } from '../../errors.ts';
import type { ContentDocument } from './reading.ts';

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';
const OPTIONS = { strict: false, allErrors: true, validateFormats: false, logger: false } as const;
const MAX_COMPILED = 100;
const LIMIT_MS = 2000;

const compiled = new Map<string, ValidateFunction>();
let judge: Ajv2020 | undefined;
const guarded: { run?: () => unknown } = createContext({});

/** @throws BridgeError INVALID_SPEC when the schema itself is wrong. */
export function compileSchema(schema: unknown): ValidateFunction {
  const text = JSON.stringify(schema);
  const known = compiled.get(text);
  if (known) return known;
  const validate = compile(schema);
  const [oldest] = compiled.keys();
  if (oldest !== undefined && compiled.size >= MAX_COMPILED) compiled.delete(oldest);
  compiled.set(text, validate);
  return validate;
}

/**
 * Each defect in words, in the order of the documents.
 *
 * @throws BridgeError INVALID_SPEC when the check takes too long.
 */
export function defectsOf(documents: readonly ContentDocument[], validate: ValidateFunction): string[] {
  return documents.flatMap((document, index) => {
    if (withinLimit(() => validate(document.value))) return [];
    const title = documents.length > 1 ? `document ${index + 1}: ` : '';
    return (validate.errors ?? []).map((error) => title + describe(error, document));
  });
}

function compile(schema: unknown): ValidateFunction {
  judge ??= new Ajv2020(OPTIONS);
  const { $schema: draft = DRAFT } = schema as { $schema?: unknown };
  if (String(draft).replace(/#$/, '') !== DRAFT)
    throw invalid(`must be of draft 2020-12: \`$schema\` must be '${DRAFT}'`);
  if (!judge.validateSchema(schema as object)) {
    const [error] = judge.errors ?? [];
    throw invalid(`must be a JSON Schema: ${error?.instancePath || '(root)'} ${error?.message ?? ''}`.trim());
  }
  try {
    // One of its own for each, since an instance keeps every `$id` that it has seen.
    return withinLimit(() => new Ajv2020({ ...OPTIONS, meta: false, validateSchema: false }).compile(schema as object));
  } catch (error) {
    throw invalid(`cannot be used: ${messageOf(error)}`, error);
  }
}

function withinLimit<T>(work: () => T): T {
  guarded.run = work;
  try {
    return runInContext('run()', guarded, { timeout: LIMIT_MS }) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
      throw invalid(`takes more than ${LIMIT_MS} ms; its patterns must be simpler`, error);
    }
    // Too deep for the stack, as a content may be that holds itself by an alias.
    if (error instanceof RangeError) throw invalid('takes too deep a search through this content', error);
    throw error;
  } finally {
    delete guarded.run;
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
