/**
 * The body of an open watch as events, one JSON object per line.
 *
 * Guarantees: events come in the order in which they were sent, each whole; the iteration returns when the server ends
 * the watch between two lines and throws a BridgeError when the connection breaks, a line is cut short or is not JSON;
 * leaving the loop closes the connection.
 */
import type { Readable } from 'node:stream';
import { BridgeError } from '../errors.ts';
import { LineSplitter } from './line-splitter.ts';

type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';

export interface WatchLine {
  readonly type: WatchEventType;
  /** The object as it is on the wire; a Status for ERROR. */
  readonly object: unknown;
}

export interface WatchStream extends AsyncIterable<WatchLine> {
  /** Breaks the connection; a running iteration ends by throwing `reason`. */
  abort(reason: BridgeError): void;
}

export function openWatch(
  body: Readable,
  controller: AbortController,
  signal: AbortSignal,
  toError: (error: unknown) => BridgeError,
): WatchStream {
  let reason: BridgeError | undefined;
  const abort = (error: BridgeError) => {
    reason ??= error;
    controller.abort(error);
  };
  const aborted = () => abort(new BridgeError('ABORTED', 'the watch was given up'));
  signal.addEventListener('abort', aborted, { once: true });
  if (signal.aborted) aborted();
  // An aborted body emits an error also when nobody iterates over it yet, or any more.
  body.on('error', () => {});

  async function* lines(): AsyncGenerator<WatchLine> {
    const splitter = new LineSplitter();
    try {
      for await (const chunk of body) {
        for (const line of splitter.push(chunk as Uint8Array)) yield parseLine(line);
      }
      if (splitter.incomplete) throw new BridgeError('KUBE_UNAVAILABLE', 'the watch ended within a line');
    } catch (error) {
      throw reason ?? toError(error);
    } finally {
      signal.removeEventListener('abort', aborted);
      body.destroy();
    }
  }
  return { abort, [Symbol.asyncIterator]: lines };
}

const eventTypes: ReadonlySet<string> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']);

function parseLine(line: string): WatchLine {
  let parsed: { type?: unknown; object?: unknown } | null;
  try {
    parsed = JSON.parse(line) as typeof parsed;
  } catch (error) {
    throw new BridgeError('KUBE_UNAVAILABLE', 'the watch sent a line that is not JSON', { cause: error });
  }
  const { type, object } = parsed ?? {};
  if (typeof type !== 'string' || !eventTypes.has(type) || typeof object !== 'object' || object === null) {
    throw new BridgeError('KUBE_UNAVAILABLE', 'the watch sent a line that is not a watch event');
  }
  return { type: type as WatchEventType, object };
}
