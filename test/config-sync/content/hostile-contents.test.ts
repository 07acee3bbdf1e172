/**
 * Whatever a content is, and however long its verdict takes, everything else in the process goes on: no content keeps the
 * event loop for longer than a leader can bear.
 */
import assert from 'node:assert/strict';
import { Examiners } from '../../../operator/config-sync/content/examiners.ts';
import type { ContentTask } from '../../../operator/config-sync/content/task.ts';
import { isBridgeError } from '../../../operator/errors.ts';
import { FakeClock } from '../../fake-clock.ts';
import { longestHoldMs } from '../../longest-hold.ts';
import { hostileContents } from './hostile-contents.ts';

const MOST_MS = 50;
/** Those that are entries, or cost most on the way there. */
const AS_VARIABLES = new Set(['many keys', 'aliases of one']);

/** What a content costs it costs each time; what the machine adds to that it does not. */
const ATTEMPTS = 3;

async function assertHoldsNothingUp(task: ContentTask): Promise<void> {
  const heldMs: number[] = [];
  while (heldMs.length < ATTEMPTS && !heldMs.some((ms) => ms < MOST_MS)) {
    // Each attempt with others, which remember nothing.
    const clock = new FakeClock();
    const examiners = new Examiners({ clock, limits: { budgetMs: 500, memoryMb: 160, totalMb: 200 } });
    heldMs.push(await longestHoldMs(() => judge(task, examiners)));
    // Threads without work end.
    await clock.advance(60_000);
  }
  assert.ok(Math.min(...heldMs) < MOST_MS, `held for ${heldMs.map((ms) => ms.toFixed(1)).join(', ')} ms`);
}

/** A verdict of either kind, and no other failure. */
async function judge(task: ContentTask, examiners: Examiners): Promise<unknown> {
  return examiners.examine(task, 'ns').catch((error: unknown) => {
    assert.ok(isBridgeError(error, 'VALIDATION_TOO_SLOW'), String(error));
  });
}

describe('a hostile content', () => {
  for (const { content, format, jsonSchema, title } of hostileContents) {
    const schema = jsonSchema === undefined ? undefined : JSON.stringify(jsonSchema);
    it(`of ${format} holds nothing up: ${title}`, () =>
      assertHoldsNothingUp({ kind: 'check', content, format, schema }));
    if (!AS_VARIABLES.has(title) || format === 'xml') continue;
    it(`of ${format} holds nothing up when it becomes variables: ${title}`, () =>
      assertHoldsNothingUp({ kind: 'entries', content, format, target: 'ConfigMap' }));
  }
});
