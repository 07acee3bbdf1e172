/** A unified diff of two texts, as `diff -u` has it. */
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';

/** Texts that have less in common are replaced as a whole, which is also told faster. */
const MAX_EDIT_LENGTH = 4_000;

export interface DiffSide {
  readonly title: string;
  /** Undefined: there is nothing. */
  readonly text: string | undefined;
}

/** '' when both are equal. */
export function unifiedDiff(before: DiffSide, after: DiffSide): string {
  if (before.text === after.text) return '';
  const titles = [before, after].map(({ text, title }) => (text === undefined ? '/dev/null' : title));
  const [from = '', to = ''] = titles;
  const options = { context: 3, headerOptions: FILE_HEADERS_ONLY, maxEditLength: MAX_EDIT_LENGTH };
  const patch = createTwoFilesPatch(from, to, before.text ?? '', after.text ?? '', undefined, undefined, options);
  return patch ?? `--- ${from}\n+++ ${to}\n${replaced(before.text ?? '', after.text ?? '')}`;
}

function replaced(before: string, after: string): string {
  const [gone, come] = [linesOf(before), linesOf(after)];
  const head = `@@ -${gone.length === 0 ? 0 : 1},${gone.length} +${come.length === 0 ? 0 : 1},${come.length} @@\n`;
  return head + marked(gone, '-') + marked(come, '+');
}

function marked(lines: readonly string[], mark: '-' | '+'): string {
  const text = lines.map((line) => mark + line).join('');
  return text === '' || text.endsWith('\n') ? text : `${text}\n\\ No newline at end of file\n`;
}

/** Each with its line break. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
