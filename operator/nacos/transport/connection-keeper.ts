/**
 * Keeps one connection up: tries the servers in turn, and again after every loss, until it is stopped.
 *
 * A round over all servers that fails is explained once (by `explain`) and followed by a growing, jittered pause, 100 ms
 * to 5 s. The pause shrinks again only after a connection has lasted, so a server that accepts and drops us at once is
 * not hammered. A connection is established after `prepare`, that is when requests can be made.
 */
import { sleep } from '../../clock.ts';
import type { Clock } from '../../clock.ts';
import { BridgeError } from '../../errors.ts';
import { errorFields } from '../../logger.ts';
import type { LogFields, Logger } from '../../logger.ts';
import { Backoff } from '../../runtime/backoff.ts';
import type { Connection } from './connection.ts';
import type { ConnectionEvent } from './connection-state.ts';
import { bridgeErrorOf } from './response-errors.ts';
import { hostAndPort } from './server-address.ts';
import type { ServerAddress } from './server-address.ts';
import type { ServerList } from './server-list.ts';

export interface ServerFailure {
  readonly server: ServerAddress;
  readonly error: BridgeError;
}

interface ConnectionKeeperOptions {
  readonly servers: ServerList;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly open: (server: ServerAddress, signal: AbortSignal) => Promise<Connection>;
  /** What has to be done before the first request. Resolves to what is worth a word in the log, if anything is. */
  readonly prepare: (connection: Connection) => Promise<LogFields | void>;
  /** One error for a round in which every server failed. */
  readonly explain: (failures: readonly ServerFailure[], signal: AbortSignal) => Promise<BridgeError>;
  readonly onEvent: (event: ConnectionEvent) => void;
}

/**
 * How a connection is left for another one:
 *
 *   way       it ends                        the other is at    where no other can be had
 *   drop      at once                        any server         as after a loss
 *   replace   when the other is established  any server         it stays, and another is tried for again and again
 *   move      when the other is established  another server     it stays
 */
export type WayOut = 'drop' | 'replace' | 'move';

const stableAfterMs = 10_000;

export class ConnectionKeeper {
  readonly #options: ConnectionKeeperOptions;
  readonly #stopping = new AbortController();
  readonly #backoff: Backoff;
  #established: Connection | undefined;
  #preparing: Connection | undefined;
  /** How the established connection is to be left. */
  #leaving: Exclude<WayOut, 'drop'> | undefined;
  #wake: () => void = () => {};
  #running: Promise<void> | undefined;

  constructor(options: ConnectionKeeperOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ initialMs: 100, maxMs: 5_000, random: options.random });
  }

  /** Whether a connection is open that is not established yet. */
  get isPreparing(): boolean {
    return this.#preparing?.isOpen === true;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends every connection before it returns. Final. */
  async stop(): Promise<void> {
    this.#stopping.abort(new BridgeError('ABORTED', 'the client was stopped'));
    await this.#running;
  }

  leave(way: WayOut): void {
    if (way === 'drop') return this.#drop();
    // Who wants the connection replaced is not content with a move that fails.
    if (way === 'replace') this.#leaving = way;
    else this.#leaving ??= way;
    this.#wake();
  }

  #drop(): void {
    const connection = this.#established;
    if (!connection) return;
    this.#options.servers.leave(connection.server);
    connection.end(new BridgeError('NACOS_UNREACHABLE', `${hostAndPort(connection.server)} asked us to reconnect`));
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        let connection = await this.#connect(signal);
        while (connection) connection = await this.#hold(connection, signal);
        await sleep(clock, this.#backoff.nextMs(), signal);
      } catch (error) {
        if (!signal.aborted) log.error('the connection loop met an unexpected error', errorFields(error));
      }
    }
  }

  /** Until the connection is lost, or left for the one that is returned. */
  async #hold(connection: Connection, signal: AbortSignal): Promise<Connection | undefined> {
    const { clock, log, onEvent, servers } = this.#options;
    const sinceMs = clock.monotonic();
    const hasLasted = (): boolean => clock.monotonic() - sinceMs >= stableAfterMs;
    this.#leaving = undefined;
    const successor = await this.#untilLeft(connection, hasLasted, signal);
    if (successor) {
      connection.end(new BridgeError('NACOS_UNREACHABLE', 'another connection took its place'));
      await connection.ended;
      return successor;
    }
    const error = await connection.ended;
    this.#established = undefined;
    if (signal.aborted) return undefined;
    if (hasLasted()) this.#backoff.reset();
    log.warn('the connection was lost', { server: hostAndPort(connection.server), ...errorFields(error) });
    servers.leave(connection.server);
    onEvent({ kind: 'lost', error });
    return undefined;
  }

  /** Resolves when the connection has ended, or to its successor. */
  async #untilLeft(
    connection: Connection,
    hasLasted: () => boolean,
    signal: AbortSignal,
  ): Promise<Connection | undefined> {
    const { clock, log, servers } = this.#options;
    while (await this.#isToBeLeft(connection)) {
      // A server that sends everybody on at once would have us run in circles.
      let isPaused = !hasLasted();
      if (!isPaused) this.#backoff.reset();
      for (; this.#leaving && connection.isOpen; isPaused = true) {
        const pause = isPaused ? sleep(clock, this.#backoff.nextMs(), signal).catch(() => {}) : undefined;
        await Promise.race([pause, connection.ended]);
        if (!connection.isOpen) break;
        log.info('replacing the connection', { server: hostAndPort(connection.server) });
        servers.leave(connection.server);
        const isMove = this.#leaving === 'move';
        const successor = await this.#connect(signal, isMove ? connection.server : undefined);
        if (successor) return successor;
        if (isMove && this.#leaving === 'move') this.#leaving = undefined;
      }
    }
    return undefined;
  }

  /** Resolves when somebody wants it left, to false when it has ended. */
  async #isToBeLeft(connection: Connection): Promise<boolean> {
    if (this.#leaving === undefined) {
      const asked = new Promise<void>((resolve) => (this.#wake = resolve));
      await Promise.race([asked, connection.ended]);
    }
    return connection.isOpen;
  }

  /** One round over the servers, but for the one that is left. */
  async #connect(signal: AbortSignal, left?: ServerAddress): Promise<Connection | undefined> {
    const { explain, log, onEvent, servers } = this.#options;
    const failures: ServerFailure[] = [];
    for (const server of servers.round().filter((one) => one !== left)) {
      try {
        return await this.#establish(server, signal);
      } catch (cause) {
        if (signal.aborted) return undefined;
        const error = bridgeErrorOf(cause);
        servers.failed(server);
        failures.push({ server, error });
        log.debug('a server could not be reached', { server: hostAndPort(server), ...errorFields(error) });
      }
    }
    const error = await explain(failures, signal);
    if (signal.aborted) return undefined;
    if (this.#backoff.attempts === 0) log.warn('no server could be reached', errorFields(error));
    onEvent({ kind: 'round-failed', error });
    return undefined;
  }

  async #establish(server: ServerAddress, signal: AbortSignal): Promise<Connection> {
    const { log, onEvent, open, prepare, servers } = this.#options;
    const connection = await open(server, signal);
    endOn(signal, connection);
    try {
      this.#preparing = connection;
      const known = await prepare(connection);
      if (!connection.isOpen) throw await connection.ended;
      servers.succeeded(server);
      this.#established = connection;
      log.info('connected', { server: hostAndPort(server), ...known });
      onEvent({ kind: 'established', connection });
      return connection;
    } catch (error) {
      connection.end(bridgeErrorOf(error));
      throw error;
    } finally {
      this.#preparing = undefined;
    }
  }
}

/** `prepare` and all that waits for the connection ends with it. */
function endOn(signal: AbortSignal, connection: Connection): void {
  const end = (): void => connection.end(signal.reason as BridgeError);
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  void connection.ended.then(() => signal.removeEventListener('abort', end));
}
