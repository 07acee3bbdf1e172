/**
 * `npm run test:real`: everything that only real servers can prove. Needs what `npm run testbed` builds.
 *
 * Two lanes run side by side, one with each generation of Nacos: a world of its own (world.ts), the scenario suite, and
 * the acceptance tests. Before them run the files that start their own servers, and beside those the tests that mostly
 * wait, in worlds of their own; and behind them the embedded servers with the clients of others. The last line of the output
 * is the count over all: `N passed, N failed`; the exit code is 1 when any test failed, 2 when the testbed is not built.
 *
 * `npm run test:real -- 2.3 outages crash` runs the files with these words in their names, with that Nacos.
 * `npm run test:replicas` is the acceptance run of several replicas, with each generation and with a cluster of Nacos: it
 * rolls, kills, freezes and cuts off for as many rounds as its variables say, and runs only when it is named.
 */
import { fork } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isBuilt } from '../testbed/build.ts';
import { parts } from '../testbed/parts.ts';
import type { LaneReport } from './lane.ts';

/** In this order in each lane: what kills servers comes late, what looks back comes last. */
const worldFiles = [
  'scenarios.test.ts',
  'examples.test.ts',
  'namespace.test.ts',
  'services.test.ts',
  'services-restart.test.ts',
  'command-line.test.ts',
  'equal-world.test.ts',
  'outages.test.ts',
  'crash.test.ts',
  'aftermath.test.ts',
];
/** Outages of a minute. */
const waitingFiles = ['services-outages.test.ts', 'aftermath.test.ts'];
/** With a cluster of Nacos only. */
const clusterFile = 'replicas-cluster.test.ts';
/** Several replicas, in worlds of another kind (replicas/replica-world.ts). */
const replicaFiles = ['replicas-gap.test.ts', 'replicas-changes.test.ts', 'replicas-blind.test.ts', clusterFile];
/** The embedded servers with the clients of others; no world. */
const clientFiles = ['kubectl.test.ts', 'interop-nacos.test.ts'];
/** How long a lane may take to exit after its last test. */
const exitLimitMs = 30_000;
const laneLimitMs = 20 * 60_000;

interface Lane {
  readonly name: string;
  readonly files: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

class Tally {
  passed = 0;
  readonly failures: string[] = [];

  fail(lane: string, title: string, error: string): void {
    this.failures.push(`${lane}  ${title}\n${error.replaceAll(/^/gm, '    ')}`);
  }
}

const arguments_ = process.argv.slice(2);
process.exitCode = await main();

async function main(): Promise<number> {
  const missing = [];
  for (const part of parts()) if (!(await isBuilt(part))) missing.push(part.name);
  if (missing.length > 0) {
    process.stderr.write(`The testbed lacks ${missing.join(', ')}. Build it with: npm run testbed\n`);
    return 2;
  }
  const beganMs = performance.now();
  const tally = new Tally();
  for (const lanes of await planLanes()) await Promise.all(lanes.map((lane) => runLane(lane, tally)));
  if (tally.failures.length > 0) print(`\nFailures:\n\n${tally.failures.join('\n\n')}\n`);
  print(`real servers: ${Math.round((performance.now() - beganMs) / 1000)} s`);
  print(`${tally.passed} passed, ${tally.failures.length} failed`);
  return tally.failures.length === 0 ? 0 : 1;
}

/** Lanes that run side by side, group after group, as chosen by the arguments of the command. */
async function planLanes(): Promise<Lane[][]> {
  const all = (await readdir(import.meta.dirname)).filter((file) => file.endsWith('.test.ts')).sort();
  const versions = arguments_.filter((argument) => /^(\d|cluster$)/.test(argument));
  const names = arguments_.filter((argument) => !versions.includes(argument));
  const isChosen = (file: string): boolean => names.length === 0 || names.some((name) => file.includes(name));
  const parts = all.filter(
    (file) => ![...worldFiles, ...waitingFiles, ...clientFiles, ...replicaFiles].includes(file) && isChosen(file),
  );
  const lane = (name: string, version: string, files: readonly string[]): Lane[] =>
    versions.length === 0 || versions.includes(version)
      ? [{ name: `${name} ${version}`, files: files.filter(isChosen), env: { NACOS_BRIDGE_NACOS: version } }]
      : [];
  const groups: Lane[][] = [
    [
      { name: 'parts      ', files: [...parts, ...clientFiles.filter(isChosen)], env: {} },
      ...lane('outage ', '3.1', waitingFiles),
      ...lane('outage ', '2.3', waitingFiles),
    ],
    // The world of 2.3 is done first: its lane has time for the SDKs with 2.3.
    [...lane('nacos  ', '3.1', worldFiles), ...lane('nacos  ', '2.3', [...worldFiles, 'interop-nacos.test.ts'])],
  ];
  if (names.length > 0) groups.push(...replicaLanes(lane));
  return groups.map((lanes) => lanes.filter((lane) => lane.files.length > 0));
}

/** A cluster of Nacos has the machine to itself. */
function replicaLanes(lane: (name: string, version: string, files: readonly string[]) => Lane[]): Lane[][] {
  const alone = replicaFiles.filter((file) => file !== clusterFile);
  return [
    [...lane('replicas', '3.1', alone), ...lane('replicas', '2.3', alone)],
    lane('replicas', 'cluster', replicaFiles),
  ];
}

async function runLane(lane: Lane, tally: Tally): Promise<void> {
  const child = fork(
    join(import.meta.dirname, 'lane.ts'),
    lane.files.map((file) => join(import.meta.dirname, file)),
    { env: { ...process.env, ...lane.env }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  let isFinished = false;
  let limit = setTimeout(() => child.kill('SIGKILL'), laneLimitMs);
  child.on('message', (report: LaneReport) => {
    switch (report.kind) {
      case 'passed':
        tally.passed += 1;
        return print(`${lane.name}  ok    ${report.title} (${(report.durationMs / 1000).toFixed(1)} s)`);
      case 'failed':
        tally.fail(lane.name, report.title, report.error);
        return print(`${lane.name}  FAIL  ${report.title}\n${report.error.replaceAll(/^/gm, '      ')}`);
      case 'finished':
        isFinished = true;
        clearTimeout(limit);
        limit = setTimeout(() => child.kill('SIGKILL'), exitLimitMs);
    }
  });
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once('exit', (...how) => resolve(how));
  });
  clearTimeout(limit);
  if (isFinished && signal === null) return;
  const how = signal ?? `code ${String(code)}`;
  const why = isFinished
    ? 'something kept the process alive after its last test'
    : 'the process ended before its last test';
  tally.fail(lane.name, `the lane ended with ${how}`, why);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
