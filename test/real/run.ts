/**
 * `npm run test:real`: everything that only real servers can prove. Needs what `npm run testbed` builds.
 *
 * Two lanes run side by side, one with each generation of Nacos: a world of its own (world.ts), the suites of acceptance/,
 * and what only real servers can show. Before them run the files that start their own servers, and beside those, in worlds of their own,
 * the tests that mostly wait: outages, and several replicas. The last line of the output is the count over all:
 * `N passed, N failed`; the exit code is 1 when any test failed, 2 when the testbed is not built.
 *
 * `npm run test:real -- 2.3 outages crash` runs the files with these words in their names, with that Nacos.
 * `npm run test:replicas` is the acceptance run of several replicas, which rolls, kills, freezes and cuts off for as many
 * rounds as its variables say; only then with a cluster of Nacos too.
 */
import { fork } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isBuilt } from '../testbed/build.ts';
import { parts } from '../testbed/parts.ts';
import type { LaneReport } from './lane.ts';

/** In this order in each lane: what kills servers comes late, what looks back comes last. */
const worldFiles = [
  '../acceptance/scenarios.test.ts',
  '../acceptance/two-writers.test.ts',
  'examples.test.ts',
  'namespace.test.ts',
  'services.test.ts',
  '../acceptance/service-troubles.test.ts',
  'services-restart.test.ts',
  'command-line.test.ts',
  '../acceptance/equal-world.test.ts',
  '../acceptance/secret-marker.test.ts',
  '../acceptance/two-operators.test.ts',
  '../acceptance/connection-changes.test.ts',
  '../acceptance/slow-nacos.test.ts',
  '../acceptance/hostile-contents.test.ts',
  '../acceptance/outages.test.ts',
  'crash.test.ts',
  'aftermath.test.ts',
];
/** Outages of a minute. */
const waitingFiles = ['services-outages.test.ts', 'aftermath.test.ts'];
/** Takes long, and embedded servers show the same: runs only when it is named. */
const fleetFile = 'moved-fleet.test.ts';
/** Rounds under load and many thousands of items, likewise. */
const bulkFiles = ['bulk-crash.test.ts', 'bulk-leaders.test.ts', 'bulk-deletion.test.ts'];
/** With a cluster of Nacos only. */
const clusterFile = 'replicas-cluster.test.ts';
/** Several replicas, in worlds of another kind (replicas/replica-world.ts). */
const replicaFiles = [
  'replicas-gap.test.ts',
  'replicas-changes.test.ts',
  'replicas-blind.test.ts',
  'replicas-connection.test.ts',
  'replicas-beside.test.ts',
];
/** The embedded servers with the clients of others; no world. */
const clientFiles = ['kubectl.test.ts', 'interop-nacos.test.ts'];
/** How long a lane may take to exit after its last test. */
const exitLimitMs = 30_000;
/** Nothing takes that long; rounds that were asked for by number take as long as they take. */
const laneLimitMs = (process.env['TEST_ROUNDS'] === undefined ? 20 : 90) * 60_000;

interface Lane {
  readonly name: string;
  readonly files: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Lanes that run one after the other. */
type Track = readonly Lane[];

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
  for (const tracks of await planTracks()) await Promise.all(tracks.map((track) => runTrack(track, tally)));
  if (tally.failures.length > 0) print(`\nFailures:\n\n${tally.failures.join('\n\n')}\n`);
  print(`real servers: ${Math.round((performance.now() - beganMs) / 1000)} s`);
  print(`${tally.passed} passed, ${tally.failures.length} failed`);
  return tally.failures.length === 0 ? 0 : 1;
}

/** Tracks of lanes that run side by side, group after group, as chosen by the arguments of the command. */
async function planTracks(): Promise<Track[][]> {
  const all = (await readdir(import.meta.dirname)).filter((file) => file.endsWith('.test.ts')).sort();
  const versions = arguments_.filter((argument) => /^(\d|cluster$)/.test(argument));
  const names = arguments_.filter((argument) => !versions.includes(argument));
  const isChosen = (file: string): boolean => names.length === 0 || names.some((name) => file.includes(name));
  const inLanes = new Set([
    ...worldFiles,
    ...waitingFiles,
    ...clientFiles,
    ...replicaFiles,
    clusterFile,
    fleetFile,
    ...bulkFiles,
  ]);
  const parts = all.filter((file) => !inLanes.has(file) && isChosen(file));
  const lane = (name: string, version: string, files: readonly string[]): Lane[] =>
    versions.length === 0 || versions.includes(version)
      ? [{ name: `${name} ${version}`, files: files.filter(isChosen), env: { TEST_NACOS: version } }]
      : [];
  const patient = (version: string): Track => [
    ...lane('outage ', version, waitingFiles),
    ...lane('replica', version, replicaFiles),
  ];
  const groups: Track[][] = [
    [
      [{ name: 'parts      ', files: [...parts, ...clientFiles.filter(isChosen)], env: {} }],
      patient('3.1'),
      patient('2.3'),
    ],
    // The world of 2.3 is done first: its lane has time for the SDKs with 2.3.
    [lane('nacos  ', '3.1', worldFiles), lane('nacos  ', '2.3', [...worldFiles, 'interop-nacos.test.ts'])],
  ];
  // A cluster of Nacos has the machine to itself, and runs only when it is named.
  if (names.length > 0) groups.push([lane('replica', 'cluster', [...replicaFiles, clusterFile])]);
  if (names.length > 0) groups.push([[{ name: 'fleet      ', files: [fleetFile].filter(isChosen), env: {} }]]);
  for (const version of names.length > 0 ? ['3.1', '2.3'] : []) groups.push([lane('bulk   ', version, bulkFiles)]);
  return groups.map((tracks) => tracks.map((track) => track.filter(({ files }) => files.length > 0)));
}

async function runTrack(track: Track, tally: Tally): Promise<void> {
  for (const lane of track) await runLane(lane, tally);
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
