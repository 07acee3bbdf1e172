/**
 * `npm run bench -- services`: how soon the endpoints of Services are known to clients of Nacos, and what many Services
 * cost. README.md says what the figures mean.
 */
import { cpus } from 'node:os';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { RestKubernetes } from '../scenarios/kubernetes-backend.ts';
import { startWorld } from '../real/world.ts';
import type { NacosVersion } from '../testbed/nacos.ts';
import { connectBare } from './bench-world.ts';
import { slowdown, table } from './figure.ts';
import { buildProgram, podImage } from './pod-image.ts';
import { measureServiceLatency } from './service-latency.ts';
import { measureServiceScale, measureTwoReplicas } from './service-scale.ts';
import type { ScaleFigures } from './service-scale.ts';

const help = `npm run bench -- services [--nacos 3.1|2.3] [--count 100] [--sizes 100,1000]
                          [--program FILE] [--json FILE]

  --nacos   the generation of the Nacos server; default 3.1
  --count   samples of the latency; default 100
  --sizes   numbers of services, ascending; default 100,1000
  --program the main file of the operator; default dist/operator/main.js, which is built first
  --json    also writes the figures to a file

Needs what npm run testbed builds.`;

interface Options {
  readonly version: NacosVersion;
  readonly count: number;
  readonly sizes: readonly number[];
  readonly program: string | undefined;
  readonly json: string | undefined;
}

/** Returns the exit code. */
export async function benchServices(args: string[]): Promise<number> {
  const options = parse(args);
  if (typeof options === 'string') {
    console.error(options);
    return options === help ? 0 : 2;
  }
  const { figures, notes } = await measure(options);
  console.log(`\nNacos ${options.version}, ${options.count} samples, ${cpus().length} CPUs\n`);
  console.log([table(figures), '', ...notes].join('\n'));
  if (options.json !== undefined) {
    const rows = figures.map((figure) => ({ ...figure, slowdown: slowdown(figure) }));
    await writeFile(options.json, `${JSON.stringify({ ...options, figures: rows, notes }, undefined, 2)}\n`);
  }
  return 0;
}

async function measure({ version, count, sizes, program }: Options): Promise<ScaleFigures> {
  console.error(`starting Kubernetes, Nacos ${version} and the operator`);
  const world = await startWorld(version);
  await world.operator.end('SIGTERM');
  Object.assign(world.operator, { program: program ?? (await buildProgram()), image: await podImage(world) });
  await world.operator.start();
  const kubernetes = new RestKubernetes(world.kubernetes.kubeconfig);
  const naming = await connectBare(world, 'naming');
  try {
    const bench = { world, kubernetes, nacos: naming };
    console.error('measuring the latency');
    const latency = count > 0 ? await measureServiceLatency(bench, naming, count) : [];
    const scale = await measureServiceScale(bench, sizes);
    const replicas = await measureTwoReplicas(bench, sizes.at(-1) ?? 0);
    return { figures: [...latency, ...scale.figures], notes: [...scale.notes, ...replicas] };
  } finally {
    naming.close();
    await kubernetes.close();
    await world.stop();
  }
}

/** The options, or what to tell instead. */
function parse(args: string[]): Options | string {
  const text = { type: 'string' } as const;
  try {
    const options = {
      nacos: text,
      count: text,
      sizes: text,
      program: text,
      json: text,
      help: { type: 'boolean' },
    } as const;
    const { values } = parseArgs({ args, options });
    if (values.help) return help;
    const { nacos = '3.1', json, program } = values;
    if (nacos !== '3.1' && nacos !== '2.3') return `--nacos must be 3.1 or 2.3, not "${nacos}"`;
    const [count, sizes] = [Number(values.count ?? 100), (values.sizes ?? '100,1000').split(',').map(Number)];
    if (!Number.isInteger(count) || count < 0) return `--count must be a whole number, not "${values.count}"`;
    if (!sizes.every((size) => Number.isInteger(size) && size > 0))
      return `--sizes must be numbers, not "${values.sizes}"`;
    return { version: nacos, count, sizes, program, json };
  } catch (error) {
    return `${(error as Error).message}\n\n${help}`;
  }
}
