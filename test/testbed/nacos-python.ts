/**
 * The official Python SDK of Nacos as an observer: the same commands and pushes as of the Go one (nacos-sdk.ts), from the
 * program in parts/nacos-python. It runs with the Python and the packages of its own virtual environment.
 */
import { join } from 'node:path';
import { NacosSdk } from './nacos-sdk.ts';
import type { NacosSdkOptions } from './nacos-sdk.ts';
import { findPart } from './parts.ts';

export async function startNacosPython(options: NacosSdkOptions): Promise<NacosSdk> {
  const { dir, sourceDir } = findPart('nacos-python');
  return NacosSdk.start(options, {
    name: 'nacos-python',
    command: join(dir, 'bin', 'python'),
    args: [join(sourceDir, 'main.py')],
  });
}
