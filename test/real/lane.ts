/**
 * Runs mocha files one after another in this process and reports every test to the parent process as it ends.
 *
 * Usage, by run.ts only: node test/real/lane.ts FILE...
 */
import Mocha from 'mocha';

export type LaneReport =
  | { readonly kind: 'passed'; readonly title: string; readonly durationMs: number }
  | { readonly kind: 'failed'; readonly title: string; readonly error: string }
  | { readonly kind: 'finished' };

/** Of a test without a limit of its own. */
const hangLimitMs = 300_000;

/** Files run on their own reporting: mocha's own output would mix with that of other lanes. */
class Silent extends Mocha.reporters.Base {
  override epilogue(): void {}
}

function send(report: LaneReport): void {
  process.send?.(report);
}

const mocha = new Mocha({ reporter: Silent as never, forbidOnly: true, forbidPending: true, timeout: hangLimitMs });
for (const file of process.argv.slice(2)) mocha.addFile(file);
await mocha.loadFilesAsync();
const runner = mocha.run(() => {
  send({ kind: 'finished' });
  // The channel alone would keep this process alive; what else does is a leak that run.ts reports.
  process.disconnect?.();
});
runner.on('pass', (test) => send({ kind: 'passed', title: test.fullTitle(), durationMs: test.duration ?? 0 }));
runner.on('fail', (test, error: unknown) => {
  const text = error instanceof Error ? describe(error) : String(error);
  send({ kind: 'failed', title: test.fullTitle(), error: text });
});

/** Message, difference and causes; stacks of causes are left out. */
function describe(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by: ${describe(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
