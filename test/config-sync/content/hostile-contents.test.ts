/**
 * Whatever a content is, and however long its verdict takes, everything else in the process goes on: no content keeps the
 * event loop for longer than a leader can bear.
 */
import assert from 'node:assert/strict';
import { systemClock } from '../../../operator/clock.ts';
import { Examiners } from '../../../operator/config-sync/content/examiners.ts';
import type { ContentTask } from '../../../operator/config-sync/content/task.ts';
import { isBridgeError } from '../../../operator/errors.ts';
import { longestHoldMs } from '../../longest-hold.ts';
import { hostileContents } from './hostile-contents.ts';

const MOST_MS = 50;
/** Those that are entries, or cost most on the way there. */
const AS_VARIABLES = new Set(['many keys', 'aliases of one']);

describe('a hostile content', () => {
  const examiners = new Examiners({ clock: systemClock, limits: { budgetMs: 500, memoryMb: 160 } });

  /** A verdict of either kind, and no other failure. */
  async function judge(task: ContentTask, namespace: string): Promise<unknown> {
    return examiners.examine(task, namespace).catch((error: unknown) => {
      assert.ok(isBridgeError(error, 'VALIDATION_TOO_SLOW'), String(error));
    });
  }

  for (const { content, format, jsonSchema, title } of hostileContents) {
    const schema = jsonSchema === undefined ? undefined : JSON.stringify(jsonSchema);
    it(`of ${format} holds nothing up: ${title}`, async () => {
      const namespace = `${format} ${title}`;
      const heldMs = await longestHoldMs(() => judge({ kind: 'check', content, format, schema }, namespace));
      assert.ok(heldMs < MOST_MS, `${heldMs.toFixed(1)} ms`);
    });
    if (!AS_VARIABLES.has(title) || format === 'xml') continue;
    it(`of ${format} holds nothing up when it becomes variables: ${title}`, async () => {
      const task: ContentTask = { kind: 'entries', content, format, target: 'ConfigMap' };
      const heldMs = await longestHoldMs(() => judge(task, `${format} ${title} as variables`));
      assert.ok(heldMs < MOST_MS, `${heldMs.toFixed(1)} ms`);
    });
  }
});
