/**
 * The connections of an HTTPS server, so that they can be cut as a network cuts them: by a reset.
 */
import type { Server } from 'node:https';
import type { Socket } from 'node:net';

export class Connections {
  readonly #sockets = new Map<string, Socket>();

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      const key = keyOf(socket);
      this.#sockets.set(key, socket);
      socket.once('close', () => this.#sockets.delete(key));
    });
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
