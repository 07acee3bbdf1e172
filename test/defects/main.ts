/**
 * `npm run test:defects [embedded] [3.1] [2.3]`: breaks the operator on purpose, one defect after another, and plays the
 * scenario that must notice, against the embedded servers unless real ones are named. Each scenario is played with the
 * operator as it is as well, so a failure is known to be the defect's.
 *
 * The last line is `N passed, N failed`; the exit code is 1 when a defect went unnoticed.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedWorld } from '../embedded/world.ts';
import { mainFile } from '../operator-process.ts';
import type { OperatorProcess } from '../operator-process.ts';
import { startWorld } from '../real/world.ts';
import { loadScenarios } from '../scenarios/parse-scenarios.ts';
import { playScenario, ScenarioFailure } from '../scenarios/runner.ts';
import type { World } from '../acceptance/world.ts';
import { copyWith, loadDefects } from './defect.ts';

const worlds: Readonly<Record<string, { readonly start: () => Promise<World>; readonly patience: number }>> = {
  embedded: { start: () => startEmbeddedWorld('3.1'), patience: 1 },
  '3.1': { start: () => startWorld('3.1'), patience: 2 },
  '2.3': { start: () => startWorld('2.3'), patience: 2 },
};

/** What is as it should be comes, however busy the machine is; only what a defect keeps away is waited for in vain. */
const soundPatience = 20;

const scenarios = await loadScenarios(join(import.meta.dirname, '../scenarios'));
const chosen = process.argv.slice(2);
const copies = await mkdtemp(join(tmpdir(), 'nacos-bridge-defects-'));
let passed = 0;
let failed = 0;
try {
  for (const name of chosen.length > 0 ? chosen : ['embedded']) await tryOn(name);
} finally {
  await rm(copies, { recursive: true, force: true });
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

async function tryOn(name: string): Promise<void> {
  const kind = worlds[name];
  if (!kind) throw new Error(`there are no servers named '${name}'; must be one of ${Object.keys(worlds).join(', ')}`);
  const world = await kind.start();
  try {
    for (const title of new Set((await loadDefects()).map(({ noticedBy }) => noticedBy))) {
      const failure = await play(world, title, soundPatience);
      tell(name, failure === undefined, `without a defect: ${title}`, failure?.message);
    }
    for (const defect of await loadDefects()) {
      await restart(world.operator, await copyWith(defect, join(copies, 'operator')));
      const failure = await play(world, defect.noticedBy, kind.patience);
      tell(name, failure !== undefined, defect.defect, `nothing noticed it: ${defect.noticedBy}`);
    }
  } finally {
    world.operator.program = mainFile;
    await world.stop();
  }
}

async function restart(operator: OperatorProcess, program: string): Promise<void> {
  await operator.end('SIGTERM');
  operator.program = program;
  await operator.start();
}

/** How the scenario failed, if it did. */
async function play({ backends, closedPort }: World, title: string, patience: number): Promise<Error | undefined> {
  const scenario = scenarios.find((candidate) => candidate.title === title);
  if (!scenario) throw new Error(`there is no scenario '${title}'`);
  try {
    await playScenario(scenario, backends, { closedPort, patience });
    return undefined;
  } catch (error) {
    if (error instanceof ScenarioFailure) return error;
    throw error;
  }
}

function tell(name: string, isRight: boolean, title: string, why = ''): void {
  if (isRight) passed += 1;
  else failed += 1;
  process.stdout.write(`${name.padEnd(8)}  ${isRight ? 'ok  ' : 'FAIL'}  ${title}${isRight ? '' : `\n${why}`}\n`);
}
