/**
 * Keeps one connection up: tries the servers in turn, and again after every loss, until it is stopped.
 *
 * A round over all servers that fails is explained once (by `explain`) and followed by a growing, jittered pause, 100 ms
 * to 5 s. The pause shrinks again only after a connection has lasted, so a server that accepts and drops us at once is
 * not hammered. A connection is published (`current`, `established`) after `prepare`, that is when requests can be made.
 *
 * A connection is left in one of three ways: `moveOn` ends it and makes another; `replace` makes another, prepares it, and
 * only then ends the first, which stays for as long as there is no other; `move` does so once, and only at another server.
 */
import { sleep } from '../../clock.ts';
import type { Clock } from '../../clock.ts';
import { BridgeError, isBridgeError, messageOf } from '../../errors.ts';
import { errorFields } from '../../logger.ts';
import type { Logger } from '../../logger.ts';
import { Backoff } from '../../runtime/backoff.ts';
import type { Connection } from './connection.ts';
import type { ConnectedFacts, ConnectionEvent } from './connection-state.ts';
import { hostAndPort } from './server-address.ts';
import type { ServerAddress } from './server-address.ts';
import type { ServerList } from './server-list.ts';

export interface ServerFailure {
  readonly server: ServerAddress;
  readonly error: BridgeError;
}

export interface ConnectionKeeperOptions {
  readonly servers: ServerList;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly open: (server: ServerAddress, signal: AbortSignal) => Promise<Connection>;
  /** What has to be known before the first request: the server's version, whether it takes our credentials. */
  readonly prepare: (connection: Connection) => Promise<ConnectedFacts>;
  /** One error for a round in which every server failed. */
  readonly explain: (failures: readonly ServerFailure[], signal: AbortSignal) => Promise<BridgeError>;
  readonly onEvent: (event: ConnectionEvent) => void;
}

const stableAfterMs = 10_000;

export class ConnectionKeeper {
  readonly #options: ConnectionKeeperOptions;
  readonly #stopping = new AbortController();
  readonly #backoff: Backoff;
  #current: Connection | undefined;
  /** How the current connection is to be left. */
  #leaving: 'replace' | 'move' | undefined;
  #wake: () => void = () => {};
  #running: Promise<void> | undefined;

  constructor(options: ConnectionKeeperOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ initialMs: 100, maxMs: 5_000, random: options.random });
  }

  /** The connection that requests go to, if there is one. */
  get current(): Connection | undefined {
    return this.#current?.isOpen ? this.#current : undefined;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new BridgeError('ABORTED', 'the client was stopped'));
    await this.#running;
  }

  /** Leaves the current server without holding anything against it. */
  moveOn(): void {
    const connection = this.#current;
    if (!connection) return;
    this.#options.servers.leave(connection.server);
    connection.end(new BridgeError('NACOS_UNREACHABLE', `${hostAndPort(connection.server)} asked us to reconnect`));
  }

  /** Leaves the current connection once another has taken its place. */
  replace(): void {
    this.#leaving = 'replace';
    this.#wake();
  }

  /** As `replace`, at another server; nothing happens when none can be reached. */
  move(): void {
    this.#leaving ??= 'move';
    this.#wake();
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#connectAndWait(signal);
        await sleep(clock, this.#backoff.nextMs(), signal);
      } catch (error) {
        if (!signal.aborted) log.error('the connection loop met an unexpected error', errorFields(error));
      }
    }
  }

  async #connectAndWait(signal: AbortSignal): Promise<void> {
    let connection = await this.#connect(signal);
    while (connection) connection = await this.#hold(connection, signal);
  }

  /** Until the connection is lost, or left for the one that is returned. */
  async #hold(connection: Connection, signal: AbortSignal): Promise<Connection | undefined> {
    const { clock, log, onEvent, servers } = this.#options;
    const sinceMs = clock.monotonic();
    const hasLasted = (): boolean => clock.monotonic() - sinceMs >= stableAfterMs;
    const successor = await this.#untilLeft(connection, hasLasted, signal);
    if (successor) {
      connection.end(new BridgeError('NACOS_UNREACHABLE', 'another connection took its place'));
    }
    const error = await connection.ended;
    if (successor) return successor;
    this.#current = undefined;
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
    this.#leaving = undefined;
    let isFirst = false;
    while (connection.isOpen) {
      if (this.#leaving === undefined) {
        const asked = new Promise<void>((resolve) => (this.#wake = resolve));
        await Promise.race([asked, connection.ended]);
        isFirst = hasLasted();
        if (isFirst) this.#backoff.reset();
        continue;
      }
      // A server that sends everybody on at once would have us run in circles.
      const pause = isFirst ? undefined : sleep(clock, this.#backoff.nextMs(), signal);
      isFirst = false;
      await Promise.race([pause, connection.ended]).catch(() => {});
      if (!connection.isOpen) break;
      log.info('replacing the connection', { server: hostAndPort(connection.server) });
      servers.leave(connection.server);
      const isMove = this.#leaving === 'move';
      const successor = await this.#connect(signal, isMove ? connection.server : undefined);
      if (successor) return successor;
      if (isMove && this.#leaving === 'move') this.#leaving = undefined;
    }
    return undefined;
  }

  /** One round over the servers, but for the one that is left. */
  async #connect(signal: AbortSignal, left?: ServerAddress): Promise<Connection | undefined> {
    const { explain, log, onEvent, open, prepare, servers } = this.#options;
    const failures: ServerFailure[] = [];
    for (const server of servers.round().filter((one) => one !== left)) {
      let connection: Connection | undefined;
      try {
        connection = await open(server, signal);
        endOn(signal, connection);
        const facts = await prepare(connection);
        if (!connection.isOpen) throw await connection.ended;
        servers.succeeded(server);
        this.#current = connection;
        log.info('connected', { server: hostAndPort(server), version: facts.serverVersion });
        onEvent({ kind: 'established', facts });
        return connection;
      } catch (error) {
        const failure = isBridgeError(error)
          ? error
          : new BridgeError('NACOS_FAILED', messageOf(error), { cause: error });
        connection?.end(failure);
        if (signal.aborted) return undefined;
        servers.failed(server);
        failures.push({ server, error: failure });
        log.debug('a server could not be reached', { server: hostAndPort(server), ...errorFields(failure) });
      }
    }
    const error = await explain(failures, signal);
    if (signal.aborted) return undefined;
    if (this.#backoff.attempts === 0) log.warn('no server could be reached', errorFields(error));
    onEvent({ kind: 'round-failed', error });
    return undefined;
  }
}

/** `prepare` and all that waits for the connection ends with it. */
function endOn(signal: AbortSignal, connection: Connection): void {
  const end = (): void => connection.end(signal.reason as BridgeError);
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  void connection.ended.then(() => signal.removeEventListener('abort', end));
}
