/**
 * The manifests that come with the program: `crds/` and `examples/`, as they are in the checkout, in the image and in the
 * npm package.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { messageOf } from '../errors.ts';
import type { KubeObject } from '../kube/resource.ts';

export interface Manifest extends KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly [field: string]: unknown;
}

/** Every document of the `*.yaml` files, in the order of the files' names. */
export async function readManifests(folder: 'crds' | 'examples'): Promise<Manifest[]> {
  const path = packageFolder(folder);
  const files = (await readdir(path)).filter((file) => file.endsWith('.yaml')).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(path, file), 'utf8')));
  return texts.flatMap((text, index) => parse(text, join(folder, files[index] ?? '')));
}

function parse(text: string, file: string): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    const [problem] = document.errors;
    if (problem) throw new Error(`${file} is no YAML: ${messageOf(problem)}`, { cause: problem });
    return document.toJS() as Manifest;
  });
}

/** In the nearest folder above that has it: what is compiled lies one level deeper than what is not. */
function packageFolder(name: string): string {
  let above = import.meta.dirname;
  while (!existsSync(join(above, name))) {
    if (above === dirname(above)) throw new Error(`${name}/ is missing beside the program`);
    above = dirname(above);
  }
  return join(above, name);
}
