/** What runs in the thread of an examiner (examiner.ts): one content at a time, with the processor time that it took. */
import { constants, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { examine } from './examine.ts';
import type { ContentTask, Finding } from './task.ts';

export interface ThreadMessage {
  /** Undefined in the first message, which says that the thread is ready. */
  readonly finding?: Finding;
  /** Processor time that the thread has used in its life, in microseconds. */
  readonly cpu: NodeJS.CpuUsage;
}

if (parentPort === null) throw new TypeError('this is the main thread');
const port = parentPort;

// On Linux it is the priority of this thread alone: where processors are short, the others come first.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

port.on('message', (task: ContentTask) => {
  const finding = examine(task);
  port.postMessage({ finding, cpu: process.threadCpuUsage() } satisfies ThreadMessage);
});
port.postMessage({ cpu: process.threadCpuUsage() } satisfies ThreadMessage);
