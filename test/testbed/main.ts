/**
 * The testbed's command line: builds the real servers once, and runs them for a person who develops. Tests do not come
 * through here; they use kubernetes.ts, kwok.ts, nacos.ts and nacos-sdk.ts.
 */
import { parseArgs } from 'node:util';
import { buildParts, folderBytes, isBuilt } from './build.ts';
import type { NacosVersion } from './nacos.ts';
import { parts } from './parts.ts';
import { BuildProgress } from './progress.ts';
import { missingTools, tools } from './tools.ts';
import { up } from './up.ts';

const help = `npm run testbed                builds the real servers that the tests run against, once
npm run testbed -- up          starts Kubernetes and Nacos on free loopback ports until Ctrl-C
npm run testbed -- up --nacos 3
                               with Nacos 3.1 only; 2 is Nacos 2.3; default: 3,2
npm run testbed -- --help      this text

See test/testbed/README.md for what is built, how long it takes and where it is kept.`;

/** Told to the person as it is, without a stack. */
class UsageError extends Error {}

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArguments(args);
  if (values.help) {
    console.log(help);
    return;
  }
  const [command, ...rest] = positionals;
  if (rest.length > 0 || (command !== undefined && command !== 'up')) {
    throw new UsageError(`unknown: ${positionals.join(' ')}\n\n${help}`);
  }
  if (values.nacos !== undefined && command !== 'up') throw new UsageError(`--nacos goes with up\n\n${help}`);
  const nacos = parseNacosVersions(values.nacos ?? '3,2');
  await build(command !== 'up');
  if (command === 'up') await up(nacos);
}

function parseArguments(args: string[]): ReturnType<typeof parse> {
  try {
    return parse(args);
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${help}`, { cause: error });
  }
}

function parse(args: string[]) {
  const options = { help: { type: 'boolean', short: 'h' }, nacos: { type: 'string' } } as const;
  return parseArgs({ args, options, allowPositionals: true });
}

function parseNacosVersions(list: string): NacosVersion[] {
  const versions: Record<string, NacosVersion> = { '3': '3.1', '3.1': '3.1', '2': '2.3', '2.3': '2.3' };
  const chosen = list.split(',').map((word) => {
    const version = versions[word.trim()];
    if (!version) throw new UsageError(`--nacos must be a list of 3 and 2, not "${list}"`);
    return version;
  });
  return [...new Set(chosen)];
}

/** Builds what is missing. */
async function build(listsPresent: boolean): Promise<void> {
  const all = await Promise.all(parts().map(async (part) => ({ part, built: await isBuilt(part) })));
  const missing = all.filter(({ built }) => !built).map(({ part }) => part);
  const needed = [
    ...(missing.some(({ kind }) => kind === 'go') ? [tools.go] : []),
    ...(missing.some(({ kind }) => kind === 'maven') ? [tools.mvn] : []),
    tools.python,
    tools.javac,
    tools.kubectl,
  ];
  const complaints = await missingTools(needed);
  if (complaints.length > 0) {
    throw new UsageError(`The testbed needs on this machine:\n${complaints.map((line) => `  ${line}`).join('\n')}`);
  }
  const progress = new BuildProgress(process.stdout);
  for (const { part, built } of all) if (built && listsPresent) progress.present(part, await folderBytes(part.dir));
  await buildParts(missing, progress);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
