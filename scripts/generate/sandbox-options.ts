/**
 * The section of options in `docs/sandbox.md`, from the table that the command line itself is made of.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { renderSandboxOptionsMarkdown } from '../../sandbox/sandbox-options.ts';
import { type Derived, markdown } from './derived.ts';
import { replaceSection } from './section.ts';

const file = 'docs/sandbox.md';

export async function sandboxOptions(root: string): Promise<Derived> {
  const page = await readFile(path.join(root, file), 'utf8');
  return markdown(file, replaceSection(page, 'options', renderSandboxOptionsMarkdown()));
}
