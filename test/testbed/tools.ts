/**
 * What the testbed needs of the machine. Everything that is missing is reported at once, with the way to get it, before
 * anything is built or started.
 */
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';

export interface Tool {
  readonly command: string;
  readonly args: readonly string[];
  /** Finds the version in what the command prints, on either stream. */
  readonly version: RegExp;
  readonly atLeast: readonly [number, number];
  readonly why: string;
  readonly get: string;
}

export const tools = {
  go: {
    command: 'go',
    args: ['version'],
    version: /go(\d+)\.(\d+)/,
    atLeast: [1, 26],
    why: 'builds Kubernetes, etcd, kwok, helm and the Nacos observer',
    get: 'https://go.dev/dl',
  },
  javac: {
    command: 'javac',
    args: ['-version'],
    version: /javac (\d+)(?:\.(\d+))?/,
    atLeast: [17, 0],
    why: 'compiles and runs the Nacos servers (a JDK, not only a JRE)',
    get: 'https://adoptium.net, or the package openjdk-17-jdk-headless',
  },
  mvn: {
    command: 'mvn',
    args: ['-version'],
    version: /Apache Maven (\d+)\.(\d+)/,
    atLeast: [3, 6],
    why: 'fetches the Nacos servers',
    get: 'https://maven.apache.org/install.html, or the package maven',
  },
  python: {
    command: 'python3',
    // Some systems ship Python without what makes virtual environments.
    args: ['-c', 'import ensurepip, platform, venv; print("Python", platform.python_version())'],
    version: /Python (\d+)\.(\d+)/,
    atLeast: [3, 10],
    why: 'runs the official Python SDK of Nacos, in a virtual environment',
    get: 'https://www.python.org/downloads, or the packages python3 and python3-venv',
  },
  kubectl: {
    command: 'kubectl',
    args: ['version', '--client'],
    version: /Client Version: v(\d+)\.(\d+)/,
    atLeast: [1, 32],
    why: 'drives the local cluster',
    get: 'https://kubernetes.io/docs/tasks/tools',
  },
} as const satisfies Record<string, Tool>;

/** Returns one line for each tool that is absent or too old; empty when all is well. */
export async function missingTools(needed: readonly Tool[]): Promise<string[]> {
  const reports = await Promise.all(needed.map(complaint));
  return reports.filter((report) => report !== undefined);
}

async function complaint(tool: Tool): Promise<string | undefined> {
  const [major, minor] = tool.atLeast;
  const wanted = `${tool.command} ${major}.${minor} or newer`;
  const advice = `it ${tool.why}; get it from ${tool.get}`;
  try {
    // In a neutral folder: inside a module, go would answer with the toolchain that the module asks for.
    const { stdout, stderr } = await promisify(execFile)(tool.command, tool.args, { cwd: tmpdir() });
    const found = tool.version.exec(stdout + stderr);
    if (!found) return `${wanted}: its version could not be read; ${advice}`;
    const [foundMajor, foundMinor] = [Number(found[1]), Number(found[2] ?? 0)];
    if (foundMajor > major || (foundMajor === major && foundMinor >= minor)) return undefined;
    return `${wanted} (found ${foundMajor}.${foundMinor}); ${advice}`;
  } catch {
    return `${wanted}; ${advice}`;
  }
}
