/**
 * Waiting for a condition over real sockets: looked at after every turn of the event loop that brought something, with a
 * limit that fails the test with the condition's name. `step` may move a fake clock on.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { hangMs } from '../eventually.ts';

export async function until(what: string, condition: () => boolean, step?: () => Promise<void>): Promise<void> {
  const endMs = performance.now() + hangMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`waited ${hangMs} ms in vain for: ${what}`);
    await step?.();
    await pause(2);
  }
}
