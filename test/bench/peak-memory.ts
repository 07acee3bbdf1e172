/** The most resident memory that the operator has had, as Linux keeps it. */
import { readFile } from 'node:fs/promises';
import type { OperatorProcess } from '../operator-process.ts';

/** In MB (10^6 bytes). */
export async function peakMb({ pid }: OperatorProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
  if (kibibytes === undefined) throw new Error('the peak memory of the operator cannot be read');
  return Math.round((Number(kibibytes) * 1024) / 1e6);
}
