/**
 * One connection to one of several servers, kept up from `start` until `suspend` or `stop`, and what whoever sends over it
 * needs: the connection of the moment, the wait for one that is being made, and how things stand.
 *
 * Guarantees: `start` returns at once and nothing rejects in the background; a server that asks us to reconnect is left
 * as `onReset` says; who waits for a connection hears at once when there is none to be had.
 */
import type { Clock } from '../../clock.ts';
import { BridgeError, isBridgeError } from '../../errors.ts';
import type { LogFields, Logger } from '../../logger.ts';
import type { NacosMetrics } from '../metrics.ts';
import { Connection } from './connection.ts';
import type { Push } from './connection.ts';
import { ConnectionKeeper } from './connection-keeper.ts';
import type { ServerFailure, WayOut } from './connection-keeper.ts';
import { transition } from './connection-state.ts';
import type { ConnectionEvent, ConnectionState } from './connection-state.ts';
import { withDeadline } from './deadline.ts';
import type { ServerAddress } from './server-address.ts';
import type { ServerList } from './server-list.ts';

/** What all connections of a client have in common. */
export interface ConnectionSettings {
  readonly clientName: string;
  readonly appName: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: NacosMetrics;
  /** One error for a round in which every server failed. */
  readonly explain: (failures: readonly ServerFailure[], signal: AbortSignal) => Promise<BridgeError>;
}

interface LiveConnectionOptions extends ConnectionSettings {
  readonly servers: ServerList;
  readonly module: 'config' | 'naming';
  /** Awaited before the first request is sent. Resolves to what is worth a word in the log, if anything is. */
  readonly prepare: (connection: Connection) => Promise<LogFields | void>;
  readonly onReset: WayOut;
  readonly onPush: (push: Push, connection: Connection) => void;
  /** Called after each event, also one that leaves the state unchanged. */
  readonly onEvent: (event: ConnectionEvent, before: ConnectionState) => void;
}

export class LiveConnection {
  readonly #options: LiveConnectionOptions;
  readonly #waiting = new Set<() => void>();
  #keeper: ConnectionKeeper | undefined;
  #state: ConnectionState = { kind: 'idle' };
  #wasConnected = false;

  constructor(options: LiveConnectionOptions) {
    this.#options = options;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The connection that requests go to, if there is one. */
  get current(): Connection | undefined {
    const state = this.#state;
    return state.kind === 'connected' && state.connection.isOpen ? state.connection : undefined;
  }

  /** Whether there ever was one. */
  get wasConnected(): boolean {
    return this.#wasConnected;
  }

  start(): void {
    if (this.#state.kind !== 'idle') return;
    this.#keeper = new ConnectionKeeper({
      ...this.#options,
      open: (server, signal) => this.#open(server, signal),
      onEvent: (event) => this.#dispatch(event),
    });
    this.#dispatch({ kind: 'start' });
    this.#keeper.start();
  }

  /** Closes the connection and opens none until the next `start`. */
  async suspend(): Promise<void> {
    this.#dispatch({ kind: 'suspend' });
    await this.#keeper?.stop();
  }

  /** Final. Resolves when the connection is closed. */
  async stop(): Promise<void> {
    this.#dispatch({ kind: 'stop' });
    await this.#keeper?.stop();
  }

  leave(way: WayOut): void {
    this.#keeper?.leave(way);
  }

  /** @throws CONNECTION_NOT_READY when there is no connection to be had; the reason of `signal`. */
  async ready(signal: AbortSignal): Promise<Connection> {
    for (;;) {
      const { current } = this;
      if (current) return current;
      const state = this.#state;
      if (state.kind === 'idle' || state.kind === 'stopped') throw this.#notReady(`the client is ${state.kind}`);
      const isHopeless = state.kind === 'disconnected' && !this.#keeper?.isPreparing;
      if (isHopeless) throw this.#notReady(state.error.message, state.error);
      await this.#nextEvent(signal);
    }
  }

  /** @throws as `ready`; CONNECTION_NOT_READY when the time is over, naming what waits: nothing was sent. */
  async readyWithin(limitMs: number, what: string): Promise<Connection> {
    const { current } = this;
    if (current) return current;
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

  #nextEvent(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', giveUp);
      };
      const wake = (): void => {
        leave();
        resolve();
      };
      const giveUp = (): void => {
        leave();
        reject(signal.reason);
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  #open(server: ServerAddress, signal: AbortSignal): Promise<Connection> {
    const { metrics, onPush, onReset, servers } = this.#options;
    const options = {
      ...this.#options,
      server,
      onPush: (push: Push, connection: Connection): void => {
        metrics.pushed(push.type);
        onPush(push, connection);
      },
      onReset: (hint: { host: string; port: number } | undefined): void => {
        if (hint) servers.hint(hint.host, hint.port);
        this.leave(onReset);
      },
    };
    return Connection.open(options, signal);
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
