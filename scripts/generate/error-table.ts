/**
 * The table in `docs/errors.md`, from the error catalogue. The text around it is written by hand.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { catalogue } from '../../operator/error-catalogue.ts';
import { type Derived, markdown } from './derived.ts';
import { replaceSection } from './section.ts';

const file = 'docs/errors.md';

export async function errorTable(root: string): Promise<Derived> {
  const rows = Object.entries(catalogue).map(
    ([code, { reason, behaviour, explanation }]) => `| \`${reason}\` | \`${code}\` | ${behaviour} | ${explanation} |`,
  );
  const table = ['| reason | code | behaviour | meaning |', '|---|---|---|---|', ...rows].join('\n');
  const text = await readFile(path.join(root, file), 'utf8');
  return markdown(file, replaceSection(text, 'errors', table));
}
