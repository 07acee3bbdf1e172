/**
 * Keeps replicas at different Nacos servers: when all publish at one of several, so that its end would take every record
 * with it, the last of them by name moves on. One of them moving is enough, and every replica comes to the same answer.
 */
import type { Clock, Timer } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { NamingClient } from '../nacos/index.ts';
import type { ReplicaHost } from './replica-entry.ts';

/** Where we are, and the others are, as it is seen in one Nacos namespace. */
interface Spread {
  /** Of our publishing connections, `host:port`. */
  readonly servers: readonly string[];
  readonly peers: readonly ReplicaHost[];
}

interface ServerSpreadOptions {
  /** Those that publish. */
  connections: Pick<NamingClient['connections'], 'leaveServers' | 'serverCount'>;
  identity: string;
  spreads: () => readonly Spread[];
  clock: Clock;
  log: Logger;
}

/** Connections come and go in bursts; only what stays so is worth a move. */
const MOVE_AFTER_MS = 5000;
const MOVE_AGAIN_MAX_MS = 600_000;

export class ServerSpread {
  readonly #options: ServerSpreadOptions;
  #move: Timer | undefined;
  #delayMs = MOVE_AFTER_MS;

  constructor(options: ServerSpreadOptions) {
    this.#options = options;
  }

  /** To be called when one of us may be elsewhere. */
  check(): void {
    if (!this.#isToMove()) return this.stop();
    this.#move ??= this.#options.clock.after(this.#delayMs, () => {
      this.#move = undefined;
      // The other servers may be away: the same again, and less and less often.
      this.#delayMs = Math.min(2 * this.#delayMs, MOVE_AGAIN_MAX_MS);
      if (this.#isToMove()) {
        const { connections, log } = this.#options;
        log.info('all replicas publish at one Nacos server; moving to another');
        connections.leaveServers();
      }
      this.check();
    });
  }

  stop(): void {
    this.#move?.cancel();
    this.#move = undefined;
  }

  #isToMove(): boolean {
    const { connections, identity, spreads } = this.#options;
    return connections.serverCount > 1 && spreads().some(({ servers, peers }) => isToMove(identity, servers, peers));
  }
}

/** All replicas that publish are at one and the same server, and our name is the last of theirs. */
export function isToMove(identity: string, servers: readonly string[], peers: readonly ReplicaHost[]): boolean {
  const others = peers.filter((peer) => peer.servers.length > 0 && peer.entry.identity !== identity);
  if (servers.length === 0 || others.length === 0) return false;
  const used = new Set([...servers, ...others.flatMap((peer) => peer.servers)]);
  return used.size === 1 && others.every(({ entry }) => entry.identity < identity);
}
