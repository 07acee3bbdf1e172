/**
 * Runs kubectl as a person would, with a home folder of its own: nothing of the user's is read or written.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Step } from './kubectl-steps/step.ts';

export interface KubectlPlace {
  /** Named in failures. */
  readonly title: string;
  readonly kubeconfig: string;
  /** Of this place alone: home folder and caches. */
  readonly dir: string;
}

export interface Printed {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Ends what hangs; above every --timeout of a step. */
const commandLimitMs = 25_000;
/** With --v=6 kubectl tells of each answer that it got; this is the one that opens a watch. */
const watchOpened = /watch=true.*"? ?(status="|)200/;

/** Runs one step; a failure is a code, not an exception. */
export async function runStep(place: KubectlPlace, namespace: string, step: Step): Promise<Printed> {
  await mkdir(place.dir, { recursive: true });
  const input = await inputOf(place, namespace, step);
  const verbose = step.meanwhile && !step.endless ? ['--v=6'] : [];
  const child = spawn('kubectl', [`--namespace=${namespace}`, ...words(step.run), ...verbose], {
    cwd: join(import.meta.dirname, '../..'),
    env: { ...environment(place), KUBE_EDITOR: step.editor === undefined ? 'false' : `sed -i -e '${step.editor}'` },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), commandLimitMs);
  let [stdout, stderr, isAnswered] = ['', '', false];
  let others: Promise<unknown> = Promise.resolve();
  const look = (): void => {
    const begins = step.endless ? stdout.includes('\n') : watchOpened.test(stderr);
    if (!isAnswered && step.meanwhile && begins) {
      isAnswered = true;
      others = runInOrder(place, namespace, step.meanwhile);
      others.catch(() => child.kill('SIGTERM'));
    }
    if (step.endless && step.shows?.every((part) => contains(normalise(stdout), part))) child.kill('SIGTERM');
  };
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk);
    look();
  });
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk);
    look();
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearTimeout(limit);
  await others;
  // Ended by us: what counts is what it showed.
  return { code: step.endless ? 0 : code, stdout: normalise(stdout), stderr: normalise(stderr) };
}

export function contains(text: string, part: string | RegExp): boolean {
  return typeof part === 'string' ? text.includes(part) : part.test(text);
}

function environment(place: KubectlPlace): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: place.dir,
    TMPDIR: place.dir,
    KUBECONFIG: place.kubeconfig,
    KUBECACHEDIR: join(place.dir, 'cache'),
  };
}

async function inputOf(place: KubectlPlace, namespace: string, { input = '', uidOf }: Step): Promise<string> {
  if (uidOf === undefined) return input;
  const run = `get ${uidOf} -o jsonpath={.metadata.uid}`;
  const { stdout } = await promisify(execFile)('kubectl', [`--namespace=${namespace}`, ...words(run)], {
    env: environment(place),
  });
  return input.replace('UID', stdout);
}

async function runInOrder(place: KubectlPlace, namespace: string, commands: readonly string[]): Promise<void> {
  for (const run of commands) {
    const { code, stderr } = await runStep(place, namespace, { title: run, run });
    if (code !== 0) throw new Error(`kubectl ${run}: ${stderr}`);
  }
}

/** Splits a command line at blanks; single quotes keep them. */
function words(line: string): string[] {
  return [...line.matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ''));
}

/** What differs between two clusters, or two runs, by nature. */
const changing: readonly (readonly [RegExp, string])[] = [
  // Not of the command: what --v=6 tells, and the skew of versions between kubectl and the server.
  [/^[IEW]\d{4} .*\n/gm, ''],
  [/^WARNING: version difference.*\n/gm, ''],
  [/https:\/\/[\w.]+:\d+/g, 'SERVER'],
  [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UID'],
  [/((resourceVersion"?|Resource Version):\s*)"?\d+"?/g, '$1RV'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME'],
  [/[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, 'TIME'],
  [/\b10\.96\.\d+\.\d+/g, 'CLUSTER-IP'],
  [/\b(198\.1[89]|10\.244)\.\d+\.\d+/g, 'POD-IP'],
  // Kubernetes writes hashes and random names with these letters and digits only.
  [/-[bcdfghj-np-tv-xz2456789]{6,10}-[bcdfghj-np-tv-xz2456789]{5}\b/g, '-HASH-ID'],
  [/-[bcdfghj-np-tv-xz2456789]{6,10}\b/g, '-HASH'],
  [/-[bcdfghj-np-tv-xz2456789]{5}\b/g, '-ID'],
  [/(pod-template-hash[=:] ?"?)[bcdfghj-np-tv-xz2456789]{6,10}\b/g, '$1HASH'],
  [/\b\d+[smh](\d+[sm])?\b/g, 'AGE'],
  [/[ \t]+/g, ' '],
  // Of a diff, the names of its temporary files.
  [/^(diff -u|--- |\+\+\+ ).*\n/gm, ''],
];

function normalise(text: string): string {
  const named = changing.reduce((rest, [pattern, name]) => rest.replaceAll(pattern, name), text);
  // The API server lists the faults of an object in no order.
  return named.replaceAll(/(^\* .*\n?){2,}/gm, (faults) => `${faults.trimEnd().split('\n').toSorted().join('\n')}\n`);
}
