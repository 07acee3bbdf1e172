/**
 * Which server to try next: all in turn from a random start, so that many clients spread over a cluster. A server that
 * failed goes to the end of the line for a cool-down; it is still tried when nothing else is left, so that a single
 * server that restarts is found at once. A server that was hinted at (ConnectReset) comes first, once.
 */
import type { Clock } from '../../clock.ts';
import { hostAndPort, type ServerAddress } from './server-address.ts';

interface ServerListOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** @default 30 s */
  readonly coolDownMs?: number;
}

export class ServerList {
  readonly #servers: readonly ServerAddress[];
  readonly #clock: Clock;
  readonly #coolDownMs: number;
  readonly #coolUntilMs = new Map<ServerAddress, number>();
  #next: number;
  #hinted: ServerAddress | undefined;

  constructor(servers: readonly ServerAddress[], options: ServerListOptions) {
    this.#servers = servers;
    this.#clock = options.clock;
    this.#coolDownMs = options.coolDownMs ?? 30_000;
    this.#next = Math.floor(options.random() * servers.length);
  }

  /** Every server once, in the order to try them now. Takes the hint. */
  round(): ServerAddress[] {
    const turned = this.#servers.map((_, index) => this.#servers[(this.#next + index) % this.#servers.length]!);
    const order = turned.sort((a, b) => this.#coolingMs(a) - this.#coolingMs(b));
    const hinted = this.#hinted;
    this.#hinted = undefined;
    return hinted ? [hinted, ...order.filter((server) => server !== hinted)] : order;
  }

  succeeded(server: ServerAddress): void {
    this.#coolUntilMs.delete(server);
    this.#next = this.#servers.indexOf(server);
  }

  failed(server: ServerAddress): void {
    this.#coolUntilMs.set(server, this.#clock.monotonic() + this.#coolDownMs);
    this.leave(server);
  }

  /** The next round starts after `server`. */
  leave(server: ServerAddress): void {
    this.#next = (this.#servers.indexOf(server) + 1) % this.#servers.length;
  }

  /** What a server that sheds us names as another: its gRPC or HTTP port. One that is not in the list is not believed. */
  hint(host: string, port: number): void {
    const ofHost = this.#servers.filter((server) => server.host === host);
    const exact = ofHost.find((server) => server.port === port || server.grpcPort === port);
    this.#hinted = exact ?? (ofHost.length === 1 ? ofHost[0] : undefined);
  }

  /** For messages: `HOST:PORT` of all, as configured. */
  get names(): string {
    return this.#servers.map(hostAndPort).join(',');
  }

  #coolingMs(server: ServerAddress): number {
    return Math.max(0, (this.#coolUntilMs.get(server) ?? 0) - this.#clock.monotonic());
  }
}
