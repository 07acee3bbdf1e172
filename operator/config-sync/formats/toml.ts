/** TOML 1.0. */
import { parse, TomlError } from 'smol-toml';
import type { SyntaxProblem } from './syntax-problem.ts';

export function checkToml(content: string): SyntaxProblem | undefined {
  try {
    parse(content);
    return undefined;
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [firstLine = ''] = error.message.split('\n');
    return { line: error.line, column: error.column, message: firstLine.replace(/^Invalid TOML document: /, '') };
  }
}
