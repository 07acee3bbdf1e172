/**
 * The section of options in `docs/command-line.md`, from the tables that the command line itself is made of.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { renderOtherCommandsMarkdown } from '../../operator/options/commands.ts';
import { type Derived, markdown } from './derived.ts';
import { replaceSection } from './section.ts';

const file = 'docs/command-line.md';

export async function commandOptions(root: string): Promise<Derived> {
  const page = await readFile(path.join(root, file), 'utf8');
  return markdown(file, replaceSection(page, 'options', renderOtherCommandsMarkdown()));
}
