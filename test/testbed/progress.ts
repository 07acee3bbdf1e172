/**
 * Shows a build as one line a part. On a terminal the parts in work share one last line that is rewritten; elsewhere
 * (a log, CI) each change of step is a line, and a part that works for long says so every minute.
 */
import type { BuildObserver, BuildStep } from './build.ts';
import type { Part } from './parts.ts';

const stepWords: Record<BuildStep, string> = { download: 'downloading', compile: 'compiling' };
const quietLimitSeconds = 60;

interface Work {
  readonly step: BuildStep;
  readonly beganMs: number;
  readonly detail: string;
  readonly printedMs: number;
}

export class BuildProgress implements BuildObserver {
  readonly #out: NodeJS.WriteStream;
  readonly #work = new Map<Part, Work>();

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    // Downloads and linking are silent for long: the seconds go on without them.
    setInterval(() => {
      for (const [part, { step, detail }] of this.#work) this.step(part, step, detail);
    }, 1000).unref();
  }

  present(part: Part, bytes: number): void {
    this.#print(row(part, 'is there', '', formatBytes(bytes)));
  }

  step(part: Part, step: BuildStep, detail: string): void {
    const nowMs = performance.now();
    const before = this.#work.get(part);
    const beganMs = before?.step === step ? before.beganMs : nowMs;
    const isDue = before?.step !== step || nowMs - before.printedMs > quietLimitSeconds * 1000;
    this.#work.set(part, { step, beganMs, detail, printedMs: isDue ? nowMs : before.printedMs });
    if (this.#out.isTTY) {
      this.#redraw();
    } else if (isDue) {
      const seconds = nowMs > beganMs ? formatSeconds((nowMs - beganMs) / 1000) : '';
      this.#print(row(part, stepWords[step], seconds, detail));
    }
  }

  done(part: Part, seconds: Record<BuildStep, number>, bytes: number): void {
    this.#work.delete(part);
    const split = `${formatBytes(bytes)}, download ${formatSeconds(seconds.download)}, compile ${formatSeconds(seconds.compile)}`;
    this.#print(row(part, 'built', formatSeconds(seconds.download + seconds.compile), split));
  }

  failed(part: Part): void {
    this.#work.delete(part);
    this.#print(row(part, 'failed', '', 'the report follows when the other parts in work are done'));
  }

  #print(text: string): void {
    this.#out.write(this.#out.isTTY ? `\r\u001B[K${text}\n` : `${text}\n`);
  }

  #redraw(): void {
    const inWork = [...this.#work].map(([part, work]) => {
      const seconds = formatSeconds((performance.now() - work.beganMs) / 1000);
      return `${part.name} ${part.version} ${stepWords[work.step]} ${seconds} ${work.detail}`.trimEnd();
    });
    this.#out.write(`\r\u001B[K${inWork.join(' | ').slice(0, (this.#out.columns || 120) - 1)}`);
  }
}

function row(part: Part, what: string, seconds: string, rest: string): string {
  return `${part.name.padEnd(24)}${part.version.padEnd(9)}${what.padEnd(12)}${seconds.padStart(6)}  ${rest}`.trimEnd();
}

function formatSeconds(seconds: number): string {
  return seconds < 120 ? `${Math.round(seconds)} s` : `${(seconds / 60).toFixed(1)} min`;
}

function formatBytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
