/**
 * Builds the parts that are missing from the cache. Go parts compile one after another, since the compiler fills every
 * core itself; Maven and pip mostly wait for downloads, so their parts run beside them.
 *
 * Guarantee: a part is built under a temporary name and renamed when it is whole, so a run that was interrupted leaves
 * nothing that a later run takes for a part. Go's and Maven's own caches are the user's and are left alone.
 */
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { access, mkdir, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { GoPart, NacosPart, Part, PythonPart } from './parts.ts';

/** What is being done to a part now; `detail` is a figure that moves, such as "412 of 1890 packages". */
export type BuildStep = 'download' | 'compile';
export interface BuildObserver {
  step(part: Part, step: BuildStep, detail: string): void;
  done(part: Part, seconds: Record<BuildStep, number>, bytes: number): void;
  failed(part: Part): void;
}

export async function isBuilt(part: Part): Promise<boolean> {
  return access(part.dir).then(
    () => true,
    () => false,
  );
}

/**
 * Builds what is given.
 *
 * @throws Error for the first part that fails, with the end of its log, after the other kind is finished: what it builds is not lost.
 */
export async function buildParts(missing: readonly Part[], observer: BuildObserver): Promise<void> {
  await Promise.all(missing.map(removeAbandoned));
  const lane = async (kind: Part['kind']): Promise<void> => {
    for (const part of missing) if (part.kind === kind) await buildPart(part, observer);
  };
  const outcomes = await Promise.allSettled([lane('go'), lane('maven'), lane('python')]);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** Removes what a run that was killed left half built. */
async function removeAbandoned(part: Part): Promise<void> {
  const dir = dirname(part.dir);
  const prefix = `.unfinished-${part.name}-`;
  const found = await readdir(dir).catch(() => []);
  for (const name of found) {
    if (name.startsWith(prefix) && !isRunning(Number(name.slice(prefix.length)))) {
      await rm(join(dir, name), { recursive: true, force: true });
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function buildPart(part: Part, observer: BuildObserver): Promise<void> {
  const unfinished = join(dirname(part.dir), `.unfinished-${part.name}-${process.pid}`);
  const logFile = join(dirname(part.dir), `${part.name}.build.log`);
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await rm(logFile, { force: true });
  const seconds = { download: 0, compile: 0 };
  try {
    for (const step of stepsOf(part, unfinished)) {
      const began = performance.now();
      observer.step(part, step.name, '');
      await run(step, logFile, (detail) => observer.step(part, step.name, detail));
      seconds[step.name] = (performance.now() - began) / 1000;
    }
    const bytes = await folderBytes(unfinished);
    await rename(unfinished, part.dir).catch(async (error: unknown) => {
      // Another run finished the same part first: its copy is as good as ours.
      if (!(await isBuilt(part))) throw error;
    });
    await rm(logFile, { force: true });
    observer.done(part, seconds, bytes);
  } catch (error) {
    observer.failed(part);
    throw new Error(`${part.name} ${part.version} could not be built\n${await lastLines(logFile, 30)}`, {
      cause: error,
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

interface Command {
  readonly name: BuildStep;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Turns each line of output into the detail to show; undefined shows nothing new. */
  readonly progress?: (line: string) => string | undefined;
}

function stepsOf(part: Part, outDir: string): Command[] {
  switch (part.kind) {
    case 'go':
      return goSteps(part, outDir);
    case 'maven':
      return mavenSteps(part, outDir);
    case 'python':
      return pythonSteps(part, outDir);
  }
}

function goSteps(part: GoPart, outDir: string): Command[] {
  const [major, minor] = part.version.split('.');
  // Kubernetes programs answer /version from these; without them the server calls itself v0.0.0-master.
  const kubernetesVersion = `-X k8s.io/component-base/version.gitVersion=v${part.version} -X k8s.io/component-base/version.gitMajor=${major} -X k8s.io/component-base/version.gitMinor=${minor}`;
  const ldflags = part.package.startsWith('k8s.io/kubernetes/') ? `-s -w ${kubernetesVersion}` : '-s -w';
  const env = { CGO_ENABLED: '0', GOWORK: 'off' };
  let total = 0;
  let compiled = 0;
  let downloads = 0;
  return [
    {
      // Listing the dependencies downloads exactly the modules the package needs, and counts what there is to compile.
      name: 'download',
      command: 'go',
      args: ['list', '-deps', part.package],
      cwd: part.sourceDir,
      env,
      progress: (line) => {
        if (line.startsWith('go: downloading')) return `${++downloads} modules`;
        total += 1;
        return undefined;
      },
    },
    {
      name: 'compile',
      command: 'go',
      args: [
        'build',
        '-v',
        '-trimpath',
        '-buildvcs=false',
        '-ldflags',
        ldflags,
        '-o',
        join(outDir, part.name),
        part.package,
      ],
      cwd: part.sourceDir,
      env,
      progress: () => `${Math.min(++compiled, total)} of ${total} packages`,
    },
  ];
}

function mavenSteps(part: NacosPart, outDir: string): Command[] {
  const lib = join(outDir, 'lib');
  const pom = join(part.sourceDir, 'pom.xml');
  return [
    {
      name: 'download',
      command: 'mvn',
      args: [
        '-B',
        '-ntp',
        '-q',
        '-f',
        pom,
        'dependency:copy-dependencies',
        '-DincludeScope=runtime',
        `-DoutputDirectory=${lib}`,
      ],
      cwd: outDir,
    },
    {
      name: 'compile',
      command: 'javac',
      args: [
        '-nowarn',
        '-parameters',
        '-cp',
        join(lib, '*'),
        '-d',
        join(outDir, 'classes'),
        join(part.sourceDir, 'NacosLauncher.java'),
      ],
      cwd: outDir,
    },
  ];
}

/** A virtual environment may be renamed: only the scripts in its bin folder name where it was made. */
function pythonSteps(part: PythonPart, outDir: string): Command[] {
  const requirements = join(part.sourceDir, 'requirements.txt');
  const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--require-hashes', '-r', requirements];
  return [
    { name: 'compile', command: 'python3', args: ['-m', 'venv', outDir], cwd: outDir },
    { name: 'download', command: join(outDir, 'bin', 'python'), args: pip, cwd: outDir },
  ];
}

async function run(step: Command, logFile: string, show: (detail: string) => void): Promise<void> {
  const log = createWriteStream(logFile, { flags: 'a' });
  const child = spawn(step.command, step.args, {
    cwd: step.cwd,
    env: { ...process.env, ...step.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      log.write(`${line}\n`);
      const detail = step.progress?.(line);
      if (detail !== undefined) show(detail);
    });
  }
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) =>
        code === 0 ? resolve() : reject(new Error(`${step.command} ended with ${signal ?? `code ${code}`}`)),
      );
    });
  } finally {
    await new Promise<void>((resolve) => log.end(resolve));
  }
}

export async function folderBytes(dir: string): Promise<number> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function lastLines(file: string, count: number): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
