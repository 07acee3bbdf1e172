/**
 * The folder of an export: a file for each config, the same for each export, and what former exports have left there.
 *
 * Guarantee: only files that begin with the mark of an export are ever removed, and of these only those of configs that
 * this export has looked for.
 */
import { open, mkdir, readdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BridgeError, messageOf } from '../errors.ts';
import { type ConfigKey, type ConfigPattern, matcherOf } from '../nacos/index.ts';
import { exactYaml } from './exact-yaml.ts';
import type { ManifestObject } from './manifest.ts';

const MARK = '# Made by nacos-bridge export of ';
/** Longer than any mark: group and dataId have at most 384 characters. */
const MARK_BYTES = 2048;
const SUFFIX = '.nacosconfig.yaml';

export interface LeftFile {
  readonly file: string;
  readonly key: ConfigKey;
}

export class ExportFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws BridgeError INVALID_OPTION, as all here do */
  async write(
    name: string,
    { dataId, group, namespaceId }: ConfigKey,
    manifests: readonly ManifestObject[],
  ): Promise<void> {
    const mark = MARK + JSON.stringify({ namespaceId, group, dataId });
    const text = manifests.map((manifest) => exactYaml(manifest)).join('---\n');
    await this.#at(async () => {
      await mkdir(this.#folder, { recursive: true });
      await writeFile(join(this.#folder, fileName(name)), `${mark}\n${text}`);
    });
  }

  /** The files of former exports that match, but for those of these names. */
  left(pattern: ConfigPattern, present: Iterable<string>): Promise<LeftFile[]> {
    return this.#at(async () => {
      await mkdir(this.#folder, { recursive: true });
      const files = new Set([...present].map(fileName));
      const entries = await readdir(this.#folder, { withFileTypes: true });
      const others = entries.filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name) && !files.has(entry.name));
      const matches = matcherOf(pattern);
      const left: LeftFile[] = [];
      for (const { name } of others.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
        const file = join(this.#folder, name);
        const key = await markIn(file);
        if (key?.namespaceId === pattern.namespaceId && matches(key)) left.push({ file, key });
      }
      return left;
    });
  }

  remove({ file }: LeftFile): Promise<void> {
    return this.#at(() => unlink(file));
  }

  async #at<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const message = `--output: '${this.#folder}' cannot be written: ${messageOf(error)}`;
      throw new BridgeError('INVALID_OPTION', message, { cause: error });
    }
  }
}

/** One that ends with .yaml as it is. No two names have one file. */
function fileName(name: string): string {
  return /\.ya?ml$/.test(name) && !name.endsWith(SUFFIX) ? name : `${name}${SUFFIX}`;
}

/** Undefined for what no export has made. */
async function markIn(file: string): Promise<ConfigKey | undefined> {
  await using handle = await open(file);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(MARK_BYTES), 0, MARK_BYTES, 0);
  const [line = ''] = buffer.toString('utf8', 0, bytesRead).split('\n');
  if (!line.startsWith(MARK)) return undefined;
  try {
    const { dataId, group, namespaceId } = JSON.parse(line.slice(MARK.length)) as Record<string, unknown>;
    return { dataId: String(dataId), group: String(group), namespaceId: String(namespaceId) };
  } catch {
    return undefined;
  }
}
