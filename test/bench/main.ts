/**
 * `npm run bench`: how fast the operator is, against a bare client that does the same work in the same run on the same
 * servers. README.md says what the figures mean.
 */
import { cpus } from 'node:os';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { RestKubernetes } from '../scenarios/kubernetes-backend.ts';
import { startWorld } from '../real/world.ts';
import type { NacosVersion } from '../testbed/nacos.ts';
import { connectBare } from './bench-world.ts';
import { slowdown, table } from './figure.ts';
import type { Figure } from './figure.ts';
import { measureMirrorLatency } from './mirror-latency.ts';
import { measurePublishRate } from './publish-rate.ts';
import { benchEmbedded } from './embedded-stalls.ts';
import { benchServices } from './services.ts';

const help = `npm run bench -- [--nacos 3.1|2.3] [--count 200] [--rounds 3] [--json FILE]
npm run bench -- services --help
npm run bench -- embedded

  --nacos   the generation of the Nacos server; default 3.1
  --count   configs that are published, and samples of the latency; default 200
  --rounds  how often the publish rate is measured; the median is shown; default 3
  --json    also writes the figures to a file

Needs what npm run testbed builds.`;

interface BenchOptions {
  readonly version: NacosVersion;
  readonly count: number;
  readonly rounds: number;
  readonly json: string | undefined;
}

process.exitCode = await chosen();

function chosen(): Promise<number> {
  const [, , what, ...args] = process.argv;
  if (what === 'services') return benchServices(args);
  return what === 'embedded' ? benchEmbedded() : main();
}

async function main(): Promise<number> {
  const options = parse();
  if (typeof options === 'string') {
    console.error(options);
    return options === help ? 0 : 2;
  }
  const figures = await measure(options);
  console.log(`\nNacos ${options.version}, ${options.count} configs of 1 KB, ${cpus().length} CPUs\n`);
  console.log(table(figures));
  if (options.json !== undefined) {
    const rows = figures.map((figure) => ({ ...figure, slowdown: slowdown(figure) }));
    await writeFile(options.json, `${JSON.stringify({ ...options, figures: rows }, undefined, 2)}\n`);
  }
  return 0;
}

async function measure({ version, count, rounds }: BenchOptions): Promise<Figure[]> {
  console.error(`starting Kubernetes, Nacos ${version} and the operator`);
  const world = await startWorld(version);
  const kubernetes = new RestKubernetes(world.kubernetes.kubeconfig);
  const [publisher, listener] = await Promise.all([connectBare(world), connectBare(world)]);
  try {
    const bench = { world, kubernetes, nacos: publisher };
    console.error(`measuring the publish rate, ${rounds} rounds`);
    const rates = await measurePublishRate(bench, count, rounds);
    console.error('measuring the mirror latency');
    return [...rates, ...(await measureMirrorLatency(bench, listener, count))];
  } finally {
    publisher.close();
    listener.close();
    await kubernetes.close();
    await world.stop();
  }
}

/** The options, or what to tell instead. */
function parse(): BenchOptions | string {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      options: { nacos: text, count: text, rounds: text, json: text, help: { type: 'boolean' } },
    });
    if (values.help) return help;
    const { nacos = '3.1', json } = values;
    if (nacos !== '3.1' && nacos !== '2.3') return `--nacos must be 3.1 or 2.3, not "${nacos}"`;
    const [count, rounds] = [Number(values.count ?? 200), Number(values.rounds ?? 3)];
    if (!Number.isInteger(count) || count < 1) return `--count must be a whole number from 1 on, not "${values.count}"`;
    if (!Number.isInteger(rounds) || rounds < 1)
      return `--rounds must be a whole number from 1 on, not "${values.rounds}"`;
    return { version: nacos, count, rounds, json };
  } catch (error) {
    return `${(error as Error).message}\n\n${help}`;
  }
}
