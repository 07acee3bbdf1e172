/** One change as one line, for an output that is no terminal. Pure. */
import { isInStep, type Row } from '../observed/row.ts';
import { formatLag } from './table.ts';

export function plainLine(row: Row, now: Date): string {
  const lag = isInStep(row) && row.lagMs !== undefined && !row.isGone ? ` (lag ${formatLag(row.lagMs)})` : '';
  const nacos = row.nacos.fingerprint === undefined ? 'not known yet' : row.nacos.text;
  const sides = `Kubernetes: ${row.kubernetes.text}; Nacos: ${nacos} at ${row.remote}`;
  return `${now.toISOString()} ${row.object}  ${sides}${lag}`;
}
