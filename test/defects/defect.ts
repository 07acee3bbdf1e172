/**
 * A deliberate defect, and a copy of the operator that has it.
 */
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';

export interface Defect {
  /** What is wrong then, in words. */
  readonly defect: string;
  /** In `operator/`. */
  readonly file: string;
  /** Stands once in the file. */
  readonly replace: string;
  readonly by: string;
  /** The title of the scenario that must fail. */
  readonly noticedBy: string;
}

const checkout = join(import.meta.dirname, '../..');

export async function loadDefects(): Promise<Defect[]> {
  return parse(await readFile(join(import.meta.dirname, 'defects.yaml'), 'utf8')) as Defect[];
}

/** Makes the copy in `dir`, which must not exist, and returns its main file. @throws Error when the defect does not fit. */
export async function copyWith({ file, replace, by }: Defect, dir: string): Promise<string> {
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir);
  await cp(join(checkout, 'operator'), join(dir, 'operator'), { recursive: true });
  await cp(join(checkout, 'package.json'), join(dir, 'package.json'));
  await symlink(join(checkout, 'node_modules'), join(dir, 'node_modules'));
  const target = join(dir, 'operator', file);
  const parts = (await readFile(target, 'utf8')).split(replace);
  if (parts.length !== 2) throw new Error(`operator/${file} must have once: ${replace}`);
  await writeFile(target, parts.join(by));
  return join(dir, 'operator/main.ts');
}
