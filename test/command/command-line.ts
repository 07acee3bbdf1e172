/** The command line of this checkout as a process: what it prints, and how it ends. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { mainFile } from '../operator-process.ts';

export interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

export async function commandLine(args: readonly string[], input = ''): Promise<Ended> {
  const process_ = spawn(process.execPath, [mainFile, ...args], {
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] },
  });
  process_.stdin.end(input);
  const ended = new Promise<number | null>((resolve) => process_.once('close', resolve));
  const [output, errors] = await Promise.all([text(process_.stdout), text(process_.stderr)]);
  return { code: await ended, output, errors };
}
