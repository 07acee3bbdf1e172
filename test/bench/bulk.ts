/**
 * `npm run bench -- bulk`: how fast a NacosConfigSync is and what it costs, against a bare client in the same run on the
 * same servers. README.md says what the figures mean.
 */
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { BareNacos } from './bare-nacos.ts';
import { createObjects, objectsOf, removeObjects, type BulkObjects } from './bulk-objects.ts';
import { barePublish, changes, edits, inventoryBytes, publish, restart } from './bulk-run.ts';
import { backEnds, startConfigStage, type BackEnd, type ConfigStage } from './config-stage.ts';
import { percentile, slowdown, table, type Figure } from './figure.ts';
import { peakMb } from './peak-memory.ts';
import { buildProgram } from './pod-image.ts';

const help = `npm run bench -- bulk [--nacos embedded|3.1|2.3] [--sizes 1000,5000] [--keys 1000] [--edits 500]
                      [--samples 100] [--program FILE] [--json FILE]

  --nacos    the servers: embedded ones, or a real API server and a Nacos of this generation; default embedded
  --sizes    numbers of ConfigMaps of one key, ascending; default 1000,5000
  --keys     of the one ConfigMap of which one key changes; default 1000
  --edits    in Nacos, mirrored into as many ConfigMaps, and into one of as many keys; default 500
  --samples  of each latency; default 100
  --program  the main file of the operator; default dist/operator/main.js, which is built first
  --json     also writes the figures to a file

Real servers need what npm run testbed builds.`;

interface Options {
  readonly backEnd: BackEnd;
  readonly sizes: readonly number[];
  readonly keys: number;
  readonly edits: number;
  readonly samples: number;
  readonly program: string | undefined;
  readonly json: string | undefined;
}

interface BulkFigures {
  readonly figures: readonly Figure[];
  /** Lines for people: what has no twin. */
  readonly notes: readonly string[];
}

/** Returns the exit code. */
export async function benchBulk(args: string[]): Promise<number> {
  const options = parse(args);
  if (typeof options === 'string') {
    console.error(options);
    return options === help ? 0 : 2;
  }
  const { backEnd, json, program } = options;
  const stage = await startConfigStage(backEnd, program ?? (await buildProgram()));
  const { figures, notes } = await measured(stage, options);
  const servers = backEnd === 'embedded' ? 'embedded servers' : `Nacos ${backEnd}`;
  console.log(`\n${servers}, keys of 1 KB, ${cpus().length} CPUs, load ${loadavg().map(Math.round).join(' ')}\n`);
  console.log([table(figures), '', ...notes].join('\n'));
  if (json !== undefined) {
    const rows = figures.map((figure) => ({ ...figure, slowdown: slowdown(figure) }));
    await writeFile(json, `${JSON.stringify({ ...options, figures: rows, notes }, undefined, 2)}\n`);
  }
  return 0;
}

async function measured(stage: ConfigStage, options: Options): Promise<BulkFigures> {
  try {
    return await measure(stage, options);
  } finally {
    await stage.stop();
  }
}

async function measure(stage: ConfigStage, options: Options): Promise<BulkFigures> {
  const application = await stage.connectBare();
  const figures: Figure[] = [];
  const notes: string[] = [];
  const add = (more: BulkFigures): void => {
    figures.push(...more.figures);
    notes.push(...more.notes);
  };
  try {
    for (const size of options.sizes) {
      console.error(`${size} ConfigMaps of one key`);
      add(await measurePublish(stage, application, `${size} ConfigMaps`, [size, 1], options));
    }
    console.error(`one ConfigMap of ${options.keys} keys`);
    add(await measurePublish(stage, application, `one ConfigMap of ${options.keys} keys`, [1, options.keys], options));
    for (const [what, count, keys] of [
      [`${options.edits} ConfigMaps`, options.edits, 1],
      [`one ConfigMap of ${options.edits} keys`, 1, options.edits],
    ] as const) {
      console.error(`${options.edits} edits in Nacos`);
      notes.push(await measureEdits(stage, application, what, objectsOf('bench-edits', count, keys)));
    }
  } finally {
    application.close();
  }
  return { figures, notes };
}

async function measurePublish(
  stage: ConfigStage,
  application: BareNacos,
  what: string,
  [count, keys]: readonly [count: number, keys: number],
  { samples }: Options,
): Promise<BulkFigures> {
  const { kubernetes, operator } = stage;
  const mark = 'first';
  const bareObjects = objectsOf('bench-bare', count, keys);
  await createObjects(kubernetes, bareObjects, mark);
  const nacos = await stage.connectBare();
  const { perSecond, publisher } = await barePublish(stage, nacos, bareObjects);
  const bareMs = await changes(stage, bareObjects, { mark, samples });
  publisher.close();
  nacos.close();
  await removeObjects(kubernetes, application, bareObjects);

  const objects = objectsOf('bench-sync', count, keys);
  await createObjects(kubernetes, objects, mark);
  await operator.start();
  const published = await publish(stage, objects);
  const operatorMs = await changes(stage, objects, { mark, samples });
  const peak = await peakMb(operator);
  const bytes = await inventoryBytes(kubernetes, objects);
  const { gets, seconds, writes } = await restart(stage, objects);
  const settledMb = Math.round((await operator.metric('process_resident_memory_bytes')) / 1e6);
  await removeObjects(kubernetes, application, objects);
  await operator.end('SIGTERM');

  const latency = (name: string, fraction: number): Figure => ({
    name: `${what}, one change, ${name}`,
    operator: percentile(operatorMs, fraction),
    bare: percentile(bareMs, fraction),
    unit: 'ms',
    better: 'less',
  });
  const written = [...Object.entries(writes.kubernetes), ...Object.entries(writes.nacos)];
  const told = written.map(([operation, times]) => `${times} times ${operation}`).join(', ') || 'none';
  return {
    figures: [
      { name: `${what}, publish`, operator: published.perSecond, bare: perSecond, unit: 'items/s', better: 'more' },
      latency('p50', 0.5),
      latency('p99', 0.99),
    ],
    notes: [
      `requests to the API server, ${what}: ${published.requestsEach.toFixed(2)} an item`,
      `inventory, ${what}: ${(bytes / 1e6).toFixed(2)} MB`,
      `resident memory, ${what}: ${peak} MB at most, ${settledMb} MB after a restart`,
      `restart, ${what}: ${seconds.toFixed(1)} s, ${gets} GETs; writes: ${told}`,
    ],
  };
}

async function measureEdits(
  stage: ConfigStage,
  application: BareNacos,
  what: string,
  objects: BulkObjects,
): Promise<string> {
  const { kubernetes, operator } = stage;
  await createObjects(kubernetes, objects, 'first');
  await operator.start();
  const ms = await edits(stage, application, objects);
  await removeObjects(kubernetes, application, objects);
  await operator.end('SIGTERM');
  return `edits in Nacos, into ${what}: ${(ms / 1000).toFixed(2)} s`;
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
        keys: text,
        edits: text,
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
    const sizes = (values.sizes ?? '1000,5000').split(',').map(Number);
    const keys = Number(values.keys ?? 1000);
    const [editCount, samples] = [Number(values.edits ?? 500), Number(values.samples ?? 100)];
    if ([keys, editCount, samples, ...sizes].some((number) => !Number.isInteger(number) || number < 1)) {
      return '--sizes, --keys, --edits and --samples must be whole numbers from 1 on';
    }
    return { backEnd, sizes, keys, edits: editCount, samples, program, json };
  } catch (error) {
    return `${(error as Error).message}\n\n${help}`;
  }
}
