/**
 * `npm run bench -- configs`: how fast configs go from Kubernetes to Nacos and back, what many of them cost, against a bare
 * client in the same run on the same servers. README.md says what the figures mean.
 */
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { measureConfigs } from './config-figures.ts';
import type { ConfigFigures } from './config-figures.ts';
import { backEnds, startConfigStage } from './config-stage.ts';
import type { BackEnd } from './config-stage.ts';
import { slowdown, table } from './figure.ts';
import { buildProgram } from './pod-image.ts';

const help = `npm run bench -- configs [--nacos embedded|3.1|2.3] [--sizes 100,1000] [--rounds 3] [--samples 100]
                         [--program FILE] [--json FILE]

  --nacos    the servers: embedded ones, or a real API server and a Nacos of this generation; default embedded
  --sizes    numbers of configs, ascending; default 100,1000
  --rounds   how often each is measured, of which the median is shown; default 3
  --samples  of the latency, in each round; default 100
  --program  the main file of the operator; default dist/operator/main.js, which is built first
  --json     also writes the figures to a file

Real servers need what npm run testbed builds.`;

interface Options {
  readonly backEnd: BackEnd;
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly samples: number;
  readonly program: string | undefined;
  readonly json: string | undefined;
}

/** Returns the exit code. */
export async function benchConfigs(args: string[]): Promise<number> {
  const options = parse(args);
  if (typeof options === 'string') {
    console.error(options);
    return options === help ? 0 : 2;
  }
  const { backEnd, json, rounds, samples } = options;
  const { figures, notes } = await measure(options);
  const servers = backEnd === 'embedded' ? 'embedded servers' : `Nacos ${backEnd}`;
  const load = `${cpus().length} CPUs, load ${loadavg().map(Math.round).join(' ')}`;
  console.log(`\n${servers}, configs of 4 KB, ${rounds} rounds, ${samples} samples each, ${load}\n`);
  console.log([table(figures), '', ...notes].join('\n'));
  if (json !== undefined) {
    const rows = figures.map((figure) => ({ ...figure, slowdown: slowdown(figure) }));
    await writeFile(json, `${JSON.stringify({ ...options, figures: rows, notes }, undefined, 2)}\n`);
  }
  return 0;
}

async function measure({ backEnd, program, ...options }: Options): Promise<ConfigFigures> {
  const stage = await startConfigStage(backEnd, program ?? (await buildProgram()));
  try {
    return await measureConfigs(stage, options);
  } finally {
    await stage.stop();
  }
}

/** The options, or what to tell instead. */
function parse(args: string[]): Options | string {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args,
      options: {
        nacos: text,
        sizes: text,
        rounds: text,
        samples: text,
        program: text,
        json: text,
        help: { type: 'boolean' },
      },
    });
    if (values.help) return help;
    const { nacos = 'embedded', json, program } = values;
    const backEnd = backEnds.find((name) => name === nacos);
    if (backEnd === undefined) return `--nacos must be one of ${backEnds.join(', ')}, not "${nacos}"`;
    const [rounds, samples] = [Number(values.rounds ?? 3), Number(values.samples ?? 100)];
    const sizes = (values.sizes ?? '100,1000').split(',').map(Number);
    for (const number of [rounds, samples, ...sizes]) {
      if (!Number.isInteger(number) || number < 1)
        return '--sizes, --rounds and --samples must be whole numbers from 1 on';
    }
    return { backEnd, sizes, rounds, samples, program, json };
  } catch (error) {
    return `${(error as Error).message}\n\n${help}`;
  }
}
