/**
 * What is checked of a content before it is written anywhere: that it is not blank, its size, its syntax, and the schema
 * that users gave. Until it is right, what the other side holds stays as it is.
 *
 * Pure, and the same for the operator and for the command line. A message tells line, column and rule, and nothing of
 * the content but the names of its keys: it goes into conditions and logs, and the content may be that of a Secret.
 */
import { BridgeError, isBridgeError } from '../errors.ts';
import { checkSyntax, readContent } from './formats/check-syntax.ts';
import { compileSchema, defectsOf } from './formats/content-schema.ts';
import type { ConfigFormat } from './formats/format.ts';
import type { ContentDocument } from './formats/reading.ts';
import type { SyntaxProblem } from './formats/syntax-problem.ts';

export interface ContentRules {
  /** Whether the content must be valid in its format; a schema asks for it in any case. */
  readonly syntax: boolean;
  /** In UTF-8. */
  readonly maxBytes?: number;
  /** Draft 2020-12. */
  readonly jsonSchema?: unknown;
}

/** 10 MiB is what Nacos takes as one message (`nacos.remote.server.grpc.sdk.max-inbound-message-size`); JSON adds to it. */
const MAX_CONTENT_BYTES = 9 * 1024 * 1024;

/** Of the defects by a schema that are told. */
const DEFECTS_TOLD = 5;

/**
 * @throws BridgeError INVALID_CONTENT, with line and column where there are any; INVALID_SPEC as `validateContent` does.
 */
export async function checkContent(
  content: string,
  { format, validation }: { format: ConfigFormat; validation: ContentRules },
  { isSecret }: { isSecret: boolean; namespace: string },
): Promise<void> {
  if (content.trim() === '') {
    throw invalidContent('must not be blank: Nacos refuses blank content; what Nacos holds stays as it is');
  }
  const bytes = Buffer.byteLength(content);
  if (bytes > MAX_CONTENT_BYTES) throw invalidContent(`has ${bytes} bytes and must have at most ${MAX_CONTENT_BYTES}`);
  try {
    validateContent(content, format, validation);
  } catch (error) {
    if (!isSecret || !isBridgeError(error)) throw error;
    throw withoutContent(error);
  }
}

/** A parser quotes what it does not understand, and a schema what it does not allow; of a Secret only the line is told. */
function withoutContent({ message }: BridgeError): BridgeError {
  const where = /line \d+, column \d+/.exec(message);
  return invalidContent(
    `breaks \`spec.validation\`${where ? `, ${where[0]}` : ''}; it comes from a Secret and is not shown`,
  );
}

/**
 * @throws BridgeError INVALID_CONTENT, with line and column where there are any; INVALID_SPEC when the rules
 *   themselves are wrong, such as a broken schema.
 */
export function validateContent(content: string, format: ConfigFormat, rules: ContentRules): void {
  const { jsonSchema, maxBytes, syntax } = rules;
  const bytes = maxBytes === undefined ? 0 : Buffer.byteLength(content);
  if (maxBytes !== undefined && bytes > maxBytes) {
    throw invalidContent(`has ${bytes} bytes and must have at most ${maxBytes} (\`spec.validation.maxBytes\`)`);
  }
  if (jsonSchema !== undefined) return checkSchema(content, format, jsonSchema);
  const problem = syntax ? checkSyntax(content, format) : undefined;
  if (problem) throw invalidSyntax(problem, format);
}

function checkSchema(content: string, format: ConfigFormat, jsonSchema: unknown): void {
  const validate = compileSchema(jsonSchema);
  const defects = defectsOf(documentsOf(content, format), validate);
  if (defects.length === 0) return;
  const told = defects.slice(0, DEFECTS_TOLD).join('; ');
  const more = defects.length > DEFECTS_TOLD ? `; and ${defects.length - DEFECTS_TOLD} more` : '';
  throw invalidContent(`does not satisfy \`spec.validation.jsonSchema\`: ${told}${more}`);
}

function documentsOf(content: string, format: ConfigFormat): ContentDocument[] {
  const reading = readContent(content, format);
  if (reading === undefined) {
    const rule = 'must not be set: it is for yaml, json, toml and properties, and the content is';
    throw new BridgeError('INVALID_SPEC', `\`spec.validation.jsonSchema\` ${rule} ${format}`);
  }
  if (reading.problem) throw invalidSyntax(reading.problem, format);
  try {
    return reading.documents();
  } catch {
    // The cause cites the content.
    throw invalidContent(`has too many aliases, or a merge key of something that is no mapping`);
  }
}

function invalidSyntax({ column, line, message }: SyntaxProblem, format: ConfigFormat): BridgeError {
  return invalidContent(`is not valid ${format}: line ${line}, column ${column}: ${message}`);
}

function invalidContent(rule: string): BridgeError {
  return new BridgeError('INVALID_CONTENT', `The content ${rule}`);
}
