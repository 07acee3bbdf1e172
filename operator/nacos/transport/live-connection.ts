/**
 * One connection to one of several servers, kept up from `start` until `suspend` or `stop`, and what whoever sends over it
 * needs: the connection of the moment, the wait for one that is being made, and how things stand.
 *
 * A round over all servers that fails is explained once (by `explain`) and followed by a growing, jittered pause, 100 ms
 * to 5 s, or at most 1 s where servers answer that they start. The pause shrinks again only after a connection has lasted, so a server that accepts and drops us at once is
 * not hammered. A connection is established after `prepare`, that is when requests can be made.
 *
 * Guarantees: `start` returns at once and nothing rejects in the background; who waits for a connection hears at once when
 * there is none to be had.
 */
import { sleep } from '../../clock.ts';
import { BridgeError, isBridgeError } from '../../errors.ts';
import { errorFields, type LogFields } from '../../logger.ts';
import { Backoff } from '../../runtime/backoff.ts';
import type { NacosMetrics } from '../metrics.ts';
import type { Surroundings } from '../surroundings.ts';
import { Connection, type Push } from './connection.ts';
import { connectToAny, type ServerFailure } from './connection-round.ts';
import { type ConnectionEvent, type ConnectionState, transition } from './connection-state.ts';
import { awaitCall, withDeadline } from './deadline.ts';
import { hostAndPort, type ServerAddress } from './server-address.ts';
import type { ServerList } from './server-list.ts';

/** What all connections of a client have in common. */
export interface ConnectionSettings extends Surroundings {
  readonly clientName: string;
  readonly appName: string;
  readonly metrics: NacosMetrics;
  /** One error for a round in which every server failed. */
  readonly explain: (failures: readonly ServerFailure[], signal: AbortSignal) => Promise<BridgeError>;
}

interface LiveConnectionOptions extends ConnectionSettings {
  readonly servers: ServerList;
  readonly module: 'config' | 'naming';
  /** Awaited before the first request is sent. Resolves to what is worth a word in the log, if anything is. */
  readonly prepare: (connection: Connection) => Promise<LogFields | void>;
  /** What becomes of the connection when its server asks us to reconnect. */
  readonly onReset: WayOut;
  readonly onPush: (push: Push, connection: Connection) => void;
  /** Called after each event, also one that leaves the state unchanged. */
  readonly onEvent: (event: ConnectionEvent, before: ConnectionState) => void;
}

/**
 * How a connection is left for another one:
 *
 *   way       it ends                        the other is at    where no other can be had
 *   drop      at once                        any server         as after a loss
 *   replace   when the other is established  any server         it stays, and another is tried for again and again
 *   move      when the other is established  another server     it stays
 */
type WayOut = 'drop' | 'replace' | 'move';

const stableAfterMs = 10_000;
const startingPauseMs = 1_000;

export class LiveConnection {
  readonly #options: LiveConnectionOptions;
  readonly #backoff: Backoff;
  readonly #waiting = new Set<() => void>();
  #state: ConnectionState = { kind: 'idle' };
  #wasConnected = false;
  #running: { readonly stopping: AbortController; readonly ended: Promise<void> } | undefined;
  /** Open, and not established yet. */
  #preparing: Connection | undefined;
  #heldSinceMs = 0;
  /** How the established connection is to be left. */
  #leaving: 'replace' | 'move' | undefined;
  #wake: () => void = () => {};

  constructor(options: LiveConnectionOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ initialMs: 100, maxMs: 5_000, random: options.random });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The connection that requests go to, if there is one. */
  get current(): Connection | undefined {
    const state = this.#state;
    return state.kind === 'connected' && state.connection.isOpen ? state.connection : undefined;
  }

  /** Of the connection that is being prepared, or else of the one that requests go to. */
  get server(): ServerAddress | undefined {
    return (this.#preparing ?? this.current)?.server;
  }

  /** Whether there ever was one. */
  get wasConnected(): boolean {
    return this.#wasConnected;
  }

  start(): void {
    if (this.#state.kind !== 'idle') return;
    const stopping = new AbortController();
    this.#backoff.reset();
    this.#dispatch({ kind: 'start' });
    this.#running = { stopping, ended: this.#keepUp(stopping.signal) };
  }

  /** Closes the connection and opens none until the next `start`. */
  suspend(): Promise<void> {
    return this.#end({ kind: 'suspend' });
  }

  /** Final. Resolves when the connection is closed. */
  stop(): Promise<void> {
    return this.#end({ kind: 'stop' });
  }

  leave(way: WayOut): void {
    const { current } = this;
    if (way === 'drop') {
      if (current) this.#options.servers.leave(current.server);
      current?.end(new BridgeError('NACOS_UNREACHABLE', `${hostAndPort(current.server)} asked us to reconnect`));
      return;
    }
    // Who wants the connection replaced is not content with a move that fails.
    if (way === 'replace') this.#leaving = way;
    else this.#leaving ??= way;
    this.#wake();
  }

  /** @throws CONNECTION_NOT_READY when there is no connection to be had; the reason of `signal`. */
  async ready(signal: AbortSignal): Promise<Connection> {
    for (;;) {
      const { current } = this;
      if (current) return current;
      const state = this.#state;
      if (state.kind === 'idle' || state.kind === 'stopped') throw this.#notReady(`the client is ${state.kind}`);
      const isHopeless = state.kind === 'disconnected' && !this.#preparing?.isOpen;
      if (isHopeless) throw this.#notReady(state.error.message, state.error);
      await awaitCall(signal, (wake) => {
        this.#waiting.add(wake);
        return () => this.#waiting.delete(wake);
      });
    }
  }

  /** @throws as `ready`; CONNECTION_NOT_READY when the time is over, naming what waits: nothing was sent. */
  async readyWithin(limitMs: number, what: string): Promise<Connection> {
    const late = `${what}: the connection is still being made`;
    try {
      return await withDeadline(this.#options.clock, limitMs, late, undefined, (signal) => this.ready(signal));
    } catch (error) {
      throw isBridgeError(error, 'TIMEOUT') ? this.#notReady(error.message, error) : error;
    }
  }

  #notReady(why: string, cause?: BridgeError): BridgeError {
    const what = this.#options.module === 'config' ? 'connection' : 'naming connection';
    return new BridgeError('CONNECTION_NOT_READY', `no ${what} to Nacos: ${why}`, { cause });
  }

  async #end(event: ConnectionEvent): Promise<void> {
    this.#dispatch(event);
    // Every connection ends before this returns.
    this.#running?.stopping.abort(new BridgeError('ABORTED', 'the client was stopped'));
    await this.#running?.ended;
  }

  async #keepUp(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    while (!signal.aborted) {
      try {
        let connection = await this.#connect(signal);
        while (connection) connection = await this.#hold(connection, signal);
        await sleep(clock, Math.min(this.#backoff.nextMs(), this.#longestPauseMs), signal);
      } catch (error) {
        if (!signal.aborted) log.error('the connection loop met an unexpected error', errorFields(error));
      }
    }
  }

  /** A server that starts serves within seconds. */
  get #longestPauseMs(): number {
    const state = this.#state;
    const isStarting = state.kind === 'disconnected' && state.error.code === 'CONNECTION_NOT_READY';
    return isStarting ? startingPauseMs : Infinity;
  }

  /** Until the connection is lost, or left for the one that is returned. */
  async #hold(connection: Connection, signal: AbortSignal): Promise<Connection | undefined> {
    const { clock, log, servers } = this.#options;
    this.#heldSinceMs = clock.monotonic();
    const successor = await this.#untilLeft(connection, signal);
    connection.end(new BridgeError('NACOS_UNREACHABLE', 'another connection took its place'));
    const error = await connection.ended;
    if (successor || signal.aborted) return successor;
    this.#resetIfLasted();
    log.warn('the connection was lost', { server: hostAndPort(connection.server), ...errorFields(error) });
    servers.leave(connection.server);
    this.#dispatch({ kind: 'lost', error });
    return undefined;
  }

  /** Resolves when the connection has ended, or to its successor. */
  async #untilLeft(connection: Connection, signal: AbortSignal): Promise<Connection | undefined> {
    const { clock, log, servers } = this.#options;
    this.#leaving = undefined;
    let isFirst = false;
    while (connection.isOpen) {
      if (this.#leaving === undefined) {
        const asked = new Promise<void>((resolve) => (this.#wake = resolve));
        await Promise.race([asked, connection.ended]);
        isFirst = this.#resetIfLasted();
        continue;
      }
      // A server that sends everybody on at once would have us run in circles.
      const pause = isFirst ? undefined : sleep(clock, this.#backoff.nextMs(), signal).catch(() => {});
      isFirst = false;
      await Promise.race([pause, connection.ended]);
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

  /** The next pause is the shortest again if the connection has lasted. Returns whether it has. */
  #resetIfLasted(): boolean {
    const hasLasted = this.#options.clock.monotonic() - this.#heldSinceMs >= stableAfterMs;
    if (hasLasted) this.#backoff.reset();
    return hasLasted;
  }

  /** One round over the servers, but for the one that is left. */
  async #connect(signal: AbortSignal, left?: ServerAddress): Promise<Connection | undefined> {
    const { explain, log } = this.#options;
    const prepare = (connection: Connection): Promise<LogFields | void> => this.#prepare(connection);
    const open = (server: ServerAddress): Promise<Connection> => this.#open(server, signal);
    const outcome = await connectToAny({ ...this.#options, open, prepare, left, signal });
    if (signal.aborted) return undefined;
    if (outcome instanceof Connection) {
      this.#dispatch({ kind: 'established', connection: outcome });
      return outcome;
    }
    const error = await explain(outcome, signal);
    if (signal.aborted) return undefined;
    if (this.#backoff.attempts === 0) log.warn('no server could be reached', errorFields(error));
    this.#dispatch({ kind: 'round-failed', error });
    return undefined;
  }

  #open(server: ServerAddress, signal: AbortSignal): Promise<Connection> {
    const { metrics, onPush, onReset, servers } = this.#options;
    const pushed = (push: Push, connection: Connection): void => {
      metrics.pushed(push.type);
      onPush(push, connection);
    };
    const reset = (hint: { host: string; port: number } | undefined): void => {
      if (hint) servers.hint(hint.host, hint.port);
      this.leave(onReset);
    };
    return Connection.open({ ...this.#options, server, onPush: pushed, onReset: reset }, signal);
  }

  async #prepare(connection: Connection): Promise<LogFields | void> {
    this.#preparing = connection;
    try {
      return await this.#options.prepare(connection);
    } finally {
      if (this.#preparing === connection) this.#preparing = undefined;
    }
  }

  #dispatch(event: ConnectionEvent): void {
    const before = this.#state;
    this.#state = transition(before, event);
    if (event.kind === 'established') {
      if (before.kind !== 'connected' && this.#wasConnected) this.#options.metrics.reconnected();
      this.#wasConnected = true;
    }
    for (const wake of Array.from(this.#waiting)) wake();
    this.#options.onEvent(event, before);
  }
}
