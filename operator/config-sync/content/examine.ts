/**
 * Parses a content and judges it: whatever happens, there is a finding. Pure, and as slow as the content makes it: a pattern of a schema may search for years,
 * so what is not certainly small is examined in a thread that can be ended (examiners.ts).
 */
import { BridgeError, isBridgeError } from '../../errors.ts';
import { checkSyntax, readContent } from '../formats/check-syntax.ts';
import { compileSchema, defectsOf } from '../formats/content-schema.ts';
import type { ConfigFormat } from '../formats/format.ts';
import type { ContentDocument } from '../formats/reading.ts';
import type { SyntaxProblem } from '../formats/syntax-problem.ts';
import { envEntries } from '../mirror/env-entries.ts';
import type { ContentTask, Finding } from './task.ts';

/** Of the defects by a schema that are told. */
const DEFECTS_TOLD = 5;

export function examine(task: ContentTask): Finding {
  try {
    return found(task);
  } catch (error) {
    if (isBridgeError(error)) return { kind: 'refused', code: error.code, message: error.message };
    // A parser has failed on something that nobody has thought of. What it says may cite the content.
    const name = error instanceof Error ? error.name : typeof error;
    const message = `The content cannot be read as ${task.format}: its parser failed (${name}); write it in a simpler way`;
    return { kind: 'refused', code: 'INVALID_CONTENT', message };
  }
}

function found(task: ContentTask): Finding {
  const { content, format } = task;
  if (task.kind === 'entries')
    return { kind: 'entries', entries: Object.entries(envEntries(content, format, task.target)) };
  if (task.schema !== undefined) checkSchema(content, format, task.schema);
  const problem = task.schema === undefined ? checkSyntax(content, format) : undefined;
  if (problem) throw invalidSyntax(problem, format);
  return { kind: 'valid' };
}

function checkSchema(content: string, format: ConfigFormat, schema: string): void {
  const validate = compileSchema(schema);
  const { count, told } = defectsOf(documentsOf(content, format), validate, DEFECTS_TOLD);
  if (count === 0) return;
  const more = count > told.length ? `; and ${count - told.length} more` : '';
  throw invalidContent(`does not satisfy \`spec.validation.jsonSchema\`: ${told.join('; ')}${more}`);
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
