/**
 * The operator as a pod runs it: what the image's build makes of this checkout, with the flags and the environment of the
 * image, and the log level of the chart. Run from its sources it needs more memory and starts later.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { OperatorImage } from '../operator-process.ts';

const root = join(import.meta.dirname, '../..');

/** Returns the main file. */
export async function buildProgram(): Promise<string> {
  const compiler = join(root, 'node_modules/.bin/tsc');
  await promisify(execFile)(compiler, ['-p', 'tsconfig.build.json'], { cwd: root });
  return join(root, 'dist/operator/main.js');
}

export async function podImage(): Promise<OperatorImage> {
  const dockerfile = await readFile(join(root, 'Dockerfile'), 'utf8');
  const [, entryPoint = '[]'] = /^ENTRYPOINT (.*)$/m.exec(dockerfile) ?? [];
  const variables = [...dockerfile.matchAll(/^ENV (\w+)=(\S+)$/gm)].map(([, name, value]) => [name, value]);
  return {
    nodeFlags: (JSON.parse(entryPoint) as string[]).filter((argument) => argument.startsWith('--')),
    env: Object.fromEntries(variables),
    args: ['--log-level=info'],
  };
}
