/**
 * What `npm start` does: a sandbox is set up, then either shown until somebody ends it, or checked once.
 */
import { once } from 'node:events';
import { systemClock, type Clock } from '../../operator/clock.ts';
import { messageOf } from '../../operator/errors.ts';
import { resultLine, runChecks, summaryLine, type Check, type CheckResult } from './round-trip/check.ts';
import { roundTrip, setUp } from './round-trip/round-trip.ts';
import { Sandbox, type SandboxParts } from './sandbox.ts';
import { renderGuide } from './terminal/guide.ts';
import { errorLine, openScreen, type Output, type Screen } from './terminal/screen.ts';

export interface SandboxCommand extends Omit<SandboxParts, 'clock' | 'onError' | 'onRow'> {
  readonly output: Output;
  /** @default systemClock */
  readonly clock?: Clock;
}

/**
 * @returns the exit code: 0 when it ended as asked or everything was as it should be, else 1
 * @throws INVALID_OPTION when a folder, a port or a file cannot be used; KUBE_*, NACOS_* when a side cannot be reached
 */
export async function runSandbox(command: SandboxCommand): Promise<number> {
  const { clock = systemClock, output, signal, options } = command;
  const screen = openScreen(output, clock);
  const sandbox = await Sandbox.open({
    ...command,
    clock,
    onRow: (row) => !options.once && screen.rowChanged(row),
    onError: (entry) => !options.once && screen.operatorFailed(entry),
  });
  let endedWell = false;
  try {
    endedWell = await (options.once ? checkOnce(sandbox, screen, clock) : showUntilEnded(sandbox, screen, clock));
  } catch (error) {
    if (!signal.aborted) screen.print(messageOf(error));
    endedWell = signal.aborted && !options.once;
  } finally {
    screen.close();
    await sandbox.close().catch((error: unknown) => {
      endedWell = false;
      screen.print(`the sandbox could not be cleaned up: ${messageOf(error)}`);
    });
  }
  return endedWell ? 0 : 1;
}

async function checkOnce(sandbox: Sandbox, screen: Screen, clock: Clock): Promise<boolean> {
  const beganMs = clock.monotonic();
  const results = await runAndTell(setUp, sandbox, screen, clock);
  if (results.every(isWell)) results.push(...(await runAndTell(roundTrip, sandbox, screen, clock)));
  const isAllWell = results.every(isWell) && !sandbox.signal.aborted;
  if (!isAllWell) tellComplaints(sandbox, screen);
  if (sandbox.signal.aborted) screen.print('given up');
  screen.print(summaryLine(results, clock.monotonic() - beganMs));
  return isAllWell;
}

async function showUntilEnded(sandbox: Sandbox, screen: Screen, clock: Clock): Promise<boolean> {
  const results = await runAndTell(setUp, sandbox, screen, clock);
  if (sandbox.signal.aborted) return true;
  if (!results.every(isWell)) {
    tellComplaints(sandbox, screen);
    return false;
  }
  screen.print(`\n${renderGuide(sandbox)}`);
  screen.show(() => sandbox.observed.rows);
  await Promise.race([once(sandbox.signal, 'abort'), sandbox.operator.ended]);
  return sandbox.signal.aborted;
}

/** Each step of the set-up builds on the one before. */
async function runAndTell(
  checks: readonly Check[],
  sandbox: Sandbox,
  screen: Screen,
  clock: Clock,
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for await (const result of runChecks(checks, sandbox, clock, checks === setUp)) {
    screen.print(resultLine(result));
    results.push(result);
  }
  return results;
}

function isWell({ outcome }: CheckResult): boolean {
  return outcome !== 'failed';
}

/** What the operator warned of may say why; its log goes with the folder. */
function tellComplaints({ complaints }: Sandbox, screen: Screen): void {
  for (const entry of complaints) screen.print(errorLine(entry));
}
