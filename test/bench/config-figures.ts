/**
 * All figures of configs on one stage: for each number of configs and each direction, so many rounds of the bare client
 * alone and then of the operator, and a cold start of both. Neither shares the machine with the other.
 */
import type { OperatorProcess } from '../operator-process.ts';
import { deleteNamespace, forEach, names } from './bench-world.ts';
import { directions } from './config-direction.ts';
import type { ConfigDirection, Users } from './config-direction.ts';
import { runConfigs } from './config-run.ts';
import type { RunFigures } from './config-run.ts';
import type { ConfigStage, Writes } from './config-stage.ts';
import { bareColdStart, coldStart } from './config-start.ts';
import { median, percentile } from './figure.ts';
import type { Figure } from './figure.ts';
import { peakMb } from './peak-memory.ts';

export interface ConfigFigures {
  readonly figures: readonly Figure[];
  /** Lines for people: what has no twin. */
  readonly notes: readonly string[];
}

export interface FigureOptions {
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly samples: number;
}

/** One round; both sides of it have seen the same users. */
interface Round {
  readonly bare: RunFigures;
  readonly operator: RunFigures;
  readonly bareStartSeconds: number;
  readonly operatorStartSeconds: number;
  readonly writes: Writes;
  readonly peakMb: number;
  readonly startMb: number;
}

export async function measureConfigs(stage: ConfigStage, options: FigureOptions): Promise<ConfigFigures> {
  const { sizes, rounds, samples } = options;
  const figures: Figure[] = [];
  const notes = [`resident memory without configs: ${await idleMb(stage.operator)} MB`];
  const application = await stage.connectBare();
  const users = { kubernetes: stage.kubernetes, nacos: application };
  try {
    for (const size of sizes) {
      for (const direction of directions) {
        const measured: Round[] = [];
        for (let round = 1; round <= rounds; round += 1) {
          console.error(`${direction.name}, ${size} configs, round ${round}`);
          measured.push(await measureRound(stage, users, direction, size, samples));
        }
        figures.push(...figuresOf(`${direction.name}, ${size} configs`, measured));
        notes.push(...notesOf(`${direction.name}, ${size} configs`, measured));
      }
    }
  } finally {
    application.close();
  }
  return { figures, notes };
}

async function measureRound(
  stage: ConfigStage,
  users: Users,
  direction: ConfigDirection,
  size: number,
  samples: number,
): Promise<Round> {
  const { operator } = stage;
  const common = { users, connect: stage.connectBare, direction, size, samples };
  const bareNamespace = 'bench-bare';
  const bare = await runConfigs({ ...common, side: 'bare', namespace: bareNamespace });
  const bareStartSeconds = await bareColdStart(stage, bareNamespace);
  await cleanUp(users, bareNamespace, size);

  const namespace = 'bench-operator';
  await operator.start();
  const figures = await runConfigs({ ...common, side: 'operator', namespace });
  const peakMemoryMb = await peakMb(operator);
  await operator.end('SIGTERM');
  const { seconds, writes } = await coldStart(stage, size);
  const startMb = await residentMb(operator);
  await cleanUp(users, namespace, size);
  await operator.end('SIGTERM');
  return {
    bare,
    operator: figures,
    bareStartSeconds,
    operatorStartSeconds: seconds,
    writes,
    peakMb: peakMemoryMb,
    startMb,
  };
}

function figuresOf(what: string, rounds: readonly Round[]): Figure[] {
  const of = (side: 'bare' | 'operator', value: (run: RunFigures) => number) =>
    median(rounds.map((round) => value(round[side])));
  const both = (value: (run: RunFigures) => number) => ({ operator: of('operator', value), bare: of('bare', value) });
  const rate = { unit: 'configs/s', better: 'more' } as const;
  const latency = { unit: 'ms', better: 'less' } as const;
  return [
    { name: `${what}, create`, ...both((run) => run.createPerSecond), ...rate },
    { name: `${what}, update`, ...both((run) => run.updatePerSecond), ...rate },
    { name: `${what}, event to applied, p50`, ...both((run) => percentile(run.latenciesMs, 0.5)), ...latency },
    { name: `${what}, event to applied, p99`, ...both((run) => percentile(run.latenciesMs, 0.99)), ...latency },
    {
      name: `${what}, cold start`,
      operator: median(rounds.map((round) => round.operatorStartSeconds)),
      bare: median(rounds.map((round) => round.bareStartSeconds)),
      unit: 's',
      better: 'less',
    },
  ];
}

function notesOf(what: string, rounds: readonly Round[]): string[] {
  const [peakMb, startMb] = (['peakMb', 'startMb'] as const).map((value) =>
    Math.max(...rounds.map((round) => round[value])),
  );
  const written = rounds.flatMap(({ writes }) => [
    ...Object.entries(writes.kubernetes),
    ...Object.entries(writes.nacos),
  ]);
  const writes = written.map(([operation, count]) => `${count} times ${operation}`).join(', ');
  return [
    `resident memory, ${what}: ${peakMb} MB at most, ${startMb} MB after a cold start`,
    `writes of the cold start, ${what}: ${writes || 'none'}`,
  ];
}

async function cleanUp({ kubernetes, nacos }: Users, namespace: string, size: number): Promise<void> {
  await deleteNamespace(kubernetes, namespace);
  await forEach(names(size), (dataId) => nacos.remove({ dataId, group: namespace }));
}

async function idleMb(operator: OperatorProcess): Promise<number> {
  await operator.start();
  const idle = await residentMb(operator);
  await operator.end('SIGTERM');
  return idle;
}

async function residentMb(operator: OperatorProcess): Promise<number> {
  return Math.round((await operator.metric('process_resident_memory_bytes')) / 1e6);
}
