/** Figures for the documentation: one line each, `figure: NAME VALUE UNIT`, the name beginning with the kind of Nacos. */
import { sideName } from './nacos-side.ts';

export function figure(name: string, value: number, unit: string): void {
  const text = Number.isInteger(value) ? String(value) : value.toFixed(2);
  process.stdout.write(`figure: ${sideName}.${name} ${text} ${unit}\n`);
}
