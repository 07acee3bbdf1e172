/**
 * Writes every file that is derived from another one, or with `--check` only says which of them are stale.
 *
 * Sources: `crds/` (types, chart copies, field reference), the error catalogue, the metrics and the command-line options. What is
 * derived is committed, so that a reader finds it without running anything; CI runs the check.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { loadCrds } from './generate/crd.ts';
import type { Derived } from './generate/derived.ts';
import { chartCopy } from './generate/chart.ts';
import { commandOptions } from './generate/command-options.ts';
import { fieldReference } from './generate/field-reference.ts';
import { errorTable } from './generate/error-table.ts';
import { metricsTable } from './generate/metrics-table.ts';
import { optionsReference } from './generate/options-reference.ts';
import { sandboxOptions } from './generate/sandbox-options.ts';
import { typesOf } from './generate/types.ts';

const root = path.join(import.meta.dirname, '..');

async function deriveAll(): Promise<Derived[]> {
  const crds = await loadCrds(path.join(root, 'crds'));
  const types = await Promise.all(crds.map(typesOf));
  const pages = await Promise.all([
    fieldReference(crds),
    optionsReference(),
    sandboxOptions(root),
    commandOptions(root),
    errorTable(root),
    metricsTable(root),
  ]);
  return [...types, ...crds.map(chartCopy), ...pages];
}

/** The files whose content differs from what their source says. */
async function staleFiles(): Promise<string[]> {
  const stale: string[] = [];
  for (const { file, content } of await deriveAll()) {
    const present = await readFile(path.join(root, file), 'utf8').catch(() => undefined);
    if (present !== content) stale.push(file);
  }
  return stale;
}

async function writeAll(): Promise<void> {
  for (const { file, content } of await deriveAll()) {
    const target = path.join(root, file);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, content);
  }
}

async function main(args: string[]): Promise<void> {
  if (!args.includes('--check')) return writeAll();
  const stale = await staleFiles();
  if (stale.length === 0) return;
  for (const file of stale) console.error(`${file} is stale`);
  console.error('Run `npm run generate` and commit the result.');
  process.exitCode = 1;
}

await main(process.argv.slice(2));
