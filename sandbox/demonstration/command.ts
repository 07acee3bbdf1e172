/**
 * `nacos-bridge sandbox`: set up, then either shown until somebody ends it, or checked once.
 */
import { systemClock, type Clock } from '../../operator/clock.ts';
import { messageOf } from '../../operator/errors.ts';
import type { SandboxOptions } from '../sandbox-options.ts';
import type { FaultScript } from '../fault-script.ts';
import { resultLine, runChecks, summaryLine, type CheckResult } from './round-trip/check.ts';
import { roundTrip } from './round-trip/round-trip.ts';
import { setUp } from './round-trip/set-up.ts';
import { Sandbox } from './sandbox.ts';
import { renderGuide } from './terminal/guide.ts';
import { errorLine, openScreen, type Output, type Screen } from './terminal/screen.ts';

export interface SandboxCommand {
  readonly options: SandboxOptions;
  readonly version: string;
  /** Ends it, in order. */
  readonly signal: AbortSignal;
  readonly output: Output;
  /** @default systemClock */
  readonly clock?: Clock;
  /** See SandboxParts. */
  readonly nacosFaults?: FaultScript;
  readonly limitMs?: number;
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
  let isWell = false;
  try {
    isWell = await (options.once ? checkOnce(sandbox, screen, clock) : showUntilEnded(sandbox, command, screen, clock));
  } catch (error) {
    if (!signal.aborted) screen.print(messageOf(error));
    isWell = signal.aborted && !options.once;
  } finally {
    screen.close();
    await sandbox.close().catch((error: unknown) => {
      isWell = false;
      screen.print(`the sandbox could not be cleaned up: ${messageOf(error)}`);
    });
  }
  return isWell ? 0 : 1;
}

async function checkOnce(sandbox: Sandbox, screen: Screen, clock: Clock): Promise<boolean> {
  const beganMs = clock.monotonic();
  const results = await runAndTell([...setUp, ...roundTrip], sandbox, screen, clock);
  const isWell = results.every(({ outcome }) => outcome !== 'failed') && !sandbox.signal.aborted;
  if (!isWell) tellComplaints(sandbox, screen);
  if (sandbox.signal.aborted) screen.print('given up');
  screen.print(summaryLine(results, clock.monotonic() - beganMs));
  return isWell;
}

async function showUntilEnded(
  sandbox: Sandbox,
  { options }: SandboxCommand,
  screen: Screen,
  clock: Clock,
): Promise<boolean> {
  const results = await runAndTell(setUp, sandbox, screen, clock);
  if (sandbox.signal.aborted) return true;
  if (results.some(({ outcome }) => outcome === 'failed')) {
    tellComplaints(sandbox, screen);
    return false;
  }
  screen.print(`\n${guideOf(sandbox, options)}`);
  screen.show(() => sandbox.rows);
  await Promise.race([aborted(sandbox.signal), sandbox.operator.ended]);
  return sandbox.signal.aborted;
}

function runAndTell(
  checks: Parameters<typeof runChecks>[0],
  sandbox: Sandbox,
  screen: Screen,
  clock: Clock,
): Promise<CheckResult[]> {
  return runChecks(checks, sandbox, clock, (result) => screen.print(resultLine(result)));
}

/** What the operator warned of may say why; its log goes with the folder. */
function tellComplaints({ complaints }: Sandbox, screen: Screen): void {
  for (const entry of complaints) screen.print(errorLine(entry));
}

function guideOf(sandbox: Sandbox, { nacosNamespace }: SandboxOptions): string {
  const { kubernetes, nacos, namespace, operator, folder } = sandbox;
  const { serverVersion = '', server, capabilities } = nacos.facts;
  return renderGuide({
    kubeconfigFile: kubernetes.kubeconfigFile,
    namespace,
    needsNamespace: !kubernetes.isEmbedded,
    server,
    nacosNamespace,
    nacosVersion: serverVersion,
    adminApi: capabilities.adminApi,
    credentials: nacos.credentials,
    metricsUrl: operator.metricsUrl,
    logFile: folder.logFile,
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
