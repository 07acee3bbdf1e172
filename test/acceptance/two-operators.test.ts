/**
 * Two operators with different cluster ids on one Nacos namespace, while the users of both clusters edit, some of them the
 * same dataIds: neither removes or overwrites what is the other's, and nobody fights.
 *
 * `TEST_EDITS` is how many edits each cluster makes, `TEST_SEED` repeats a run; a failure names its seed.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../eventually.ts';
import type { HttpNacos } from '../scenarios/nacos-backend.ts';
import { describeInWorlds } from './in-worlds.ts';
import { Camp } from './two-operators/camp.ts';
import { planEdits, type Target } from './two-operators/edits.ts';
import { judgeEnd, judgeHistory, judgeSummary, type Party } from './two-operators/verdict.ts';

/** A dataId and who wants it. */
interface Dispute {
  readonly target: Target;
  readonly parties: readonly Party[];
}

const editsByEach = Number(process.env['TEST_EDITS'] ?? 100);
const seed = Number(process.env['TEST_SEED'] ?? randomInt(1_000_000));
/** For all edits and for both sides to agree afterwards. */
const limitMs = 300_000;
/** A fight costs many writes in each second. */
const quietMs = editsByEach < 1_000 ? 1_500 : 5_000;
/** An edit is a write; one that frees a dataId lets the other cluster publish its own. */
const maxNacosWritesPerEdit = 1.2;
/** Status, finalizer and event; what one cluster changes, the other has to tell of in a conflict. */
const maxApiWritesPerEdit = 5;

describeInWorlds(`two operators, ${editsByEach} edits by each (seed ${seed})`, ({ world }) => {
  const started = new AsyncDisposableStack();
  let nacos: HttpNacos;
  let camps: readonly Camp[] = [];

  before(async () => {
    nacos = world().backends.nacos;
    const start = async (name: string): Promise<Camp> => {
      const camp = await Camp.start(name, world().endpoint);
      started.defer(() => camp.stop());
      return camp;
    };
    camps = await Promise.all(['east', 'west'].map(start));
  });

  after(() => started.disposeAsync());

  it('agree on every dataId within five minutes', async () => {
    const beganMs = performance.now();
    const plans = camps.map(({ name }, index) => planEdits({ name, count: editsByEach, seed: seed + index }));
    await Promise.all(camps.map((camp, index) => camp.perform(plans[index] ?? [])));
    figure('edits made within', seconds(beganMs), 's');
    await eventually(limitMs - (performance.now() - beganMs), async () => {
      for (const camp of camps) assert.equal(await camp.backlog(), 0);
      const judged = (await disputes()).map(async ({ target, parties }) =>
        judgeEnd(target, await nacos.read(keyOf(target)), parties),
      );
      const summaries = await Promise.all(camps.map(async (camp) => judgeSummary(camp, await camp.summary())));
      assert.deepEqual([...(await Promise.all(judged)), ...summaries].flat(), []);
    });
    figure('all agreed within', seconds(beganMs), 's');
  }).timeout(limitMs + 60_000);

  it('remove and overwrite nothing that is the other’s', async () => {
    const judged = (await disputes()).map(async ({ target, parties }) =>
      judgeHistory(target, await nacos.history(keyOf(target)), parties),
    );
    const verdicts = await Promise.all(judged);
    figure('dataIds', verdicts.length);
    figure('taken over as adoptionPolicy says', sum(verdicts.map(({ takeovers }) => takeovers)));
    figure('taken over while being removed or updated', sum(verdicts.map(({ caughtInWindow }) => caughtInWindow)));
    assert.deepEqual(
      verdicts.flatMap(({ findings }) => findings),
      [],
    );
  });

  it('do not fight: few writes for each edit', async () => {
    const edits = editsByEach * camps.length;
    const nacosWrites = (await writes()) / edits;
    const apiWrites = sum(await Promise.all(camps.map((camp) => camp.apiWrites()))) / edits;
    figure('writes to Nacos per edit', nacosWrites);
    figure('writes to the API servers per edit', apiWrites);
    assert.ok(nacosWrites <= maxNacosWritesPerEdit, `${nacosWrites} writes to Nacos for each edit`);
    assert.ok(apiWrites <= maxApiWritesPerEdit, `${apiWrites} writes to the API servers for each edit`);
  });

  it('write nothing while nobody edits', async () => {
    const state = async () => [await writes(), ...(await Promise.all(camps.map((camp) => camp.versions()))).flat()];
    // A summary of many items is told a moment later.
    await eventually(limitMs, async () => {
      const before = await state();
      await pause(quietMs);
      assert.deepEqual(await state(), before);
    });
  });

  async function disputes(): Promise<Dispute[]> {
    const found = new Map<string, { target: Target; parties: Party[] }>();
    for (const { name, claims, resources, contents } of await Promise.all(camps.map(lookAt))) {
      for (const [id, claim] of claims) {
        const dispute = found.get(id) ?? { target: claim.target, parties: [] };
        dispute.parties.push({ name, claim, resource: resources.get(id), content: contents.get(id) });
        found.set(id, dispute);
      }
    }
    return [...found.values()];
  }

  async function writes(): Promise<number> {
    const counts = (await disputes()).map(({ target }) => nacos.countWrites(keyOf(target)));
    return sum(await Promise.all(counts));
  }

  function figure(name: string, value: number, unit = ''): void {
    const text = Number.isInteger(value) ? String(value) : value.toFixed(2);
    process.stdout.write(
      `figure: two operators on Nacos ${world().endpoint.version}, ${name}: ${text} ${unit}`.trimEnd() + '\n',
    );
  }
});

async function lookAt(camp: Camp) {
  const [resources, contents] = await Promise.all([camp.resources(), camp.contents()]);
  return { name: camp.name, claims: camp.claims, resources, contents };
}

function keyOf({ group, dataId }: Target) {
  return { namespaceId: '', group, dataId };
}

function seconds(sinceMs: number): number {
  return (performance.now() - sinceMs) / 1_000;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
