/**
 * The connections of an HTTPS server and the watches that are open on them, so that they can be cut as a network cuts them.
 */
import type { ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import type { Socket } from 'node:net';

/**
 * reset: the connection is reset. silence: nothing more is sent. end: the answer ends in order. half-line: the answer ends
 * in the middle of a line.
 */
export type WatchBreak = 'reset' | 'silence' | 'end' | 'half-line';

const halfLine = '{"type":"MODIFIED","object":{"kind":';

export class Connections {
  readonly #sockets = new Map<string, Socket>();
  /** With what stops what is being written. */
  readonly #watches = new Map<ServerResponse, () => void>();

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      const key = keyOf(socket);
      this.#sockets.set(key, socket);
      socket.once('close', () => this.#sockets.delete(key));
    });
  }

  get watches(): number {
    return this.#watches.size;
  }

  /** Returns what forgets the watch. */
  addWatch(response: ServerResponse, abort: () => void): () => void {
    this.#watches.set(response, abort);
    return () => this.#watches.delete(response);
  }

  /** Returns how many were open. */
  breakWatches(how: WatchBreak): number {
    const broken = [...this.#watches];
    for (const [response, abort] of broken) {
      abort();
      if (how === 'reset' && response.socket) this.reset(response.socket);
      if (how === 'end') response.end();
      if (how === 'half-line') response.end(halfLine);
    }
    this.#watches.clear();
    return broken.length;
  }

  /** TLS runs over another socket than the one that a request knows; only that one can be reset. */
  reset(socket: Socket): void {
    const raw = this.#sockets.get(keyOf(socket));
    if (raw === undefined) socket.destroy();
    else raw.resetAndDestroy();
  }

  resetAll(): void {
    for (const socket of this.#sockets.values()) socket.resetAndDestroy();
  }
}

function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
