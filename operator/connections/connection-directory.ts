/**
 * Where the features find their connections: by key, whoever made them.
 *
 * A connection is entered with its client or with the reason why there is none. Listeners hear of two things: that
 * what `find` answers has changed, and that a connection is established (again), so that what failed can be tried.
 */
import { BridgeError } from '../errors.ts';
import type { NacosClient } from '../nacos/index.ts';
import { Listeners } from '../runtime/listeners.ts';
import type { Allowance } from './allowance.ts';
import { DEFAULT_CONNECTION, type ConnectionKey } from './connection-key.ts';

export interface ConnectionHandle {
  /** For messages: `NacosConnection 'main'`, or `The default connection`. */
  readonly title: string;
  readonly client: NacosClient;
  /** HOST:PORT of those that the client may use: connections that share one are of one Nacos. */
  readonly servers: readonly string[];
  /** The Nacos namespace for resources that name none; '' is the public one. */
  readonly namespaceId: string;
  /** What it allows; asked before anything else is asked of it. */
  readonly allowance: Allowance;
}

export class ConnectionDirectory {
  readonly #entries = new Map<ConnectionKey, ConnectionHandle | BridgeError>();
  readonly #changed = new Listeners<[key: ConnectionKey]>();
  readonly #ready = new Listeners<[key: ConnectionKey]>();

  /**
   * @param namedBy what names the connection, for messages
   * @throws BridgeError REFERENCE_MISSING when there is no such connection, CONNECTION_NOT_READY when it cannot be used.
   */
  find(key: ConnectionKey, namedBy = '`spec.connectionRef`'): ConnectionHandle {
    const entry = this.#entries.get(key);
    if (entry === undefined) throw missing(key, namedBy);
    if (!(entry instanceof BridgeError)) return entry;
    const message = `${titleOf(key)} cannot be used: ${entry.message}`;
    throw new BridgeError('CONNECTION_NOT_READY', message, { cause: entry });
  }

  /** Undefined when there is no such connection, or it cannot be used. */
  findUsable(key: ConnectionKey): ConnectionHandle | undefined {
    const entry = this.#entries.get(key);
    return entry instanceof BridgeError ? undefined : entry;
  }

  set(key: ConnectionKey, handle: ConnectionHandle): void {
    const previous = this.#entries.get(key);
    if (previous !== undefined && !(previous instanceof BridgeError) && isSame(previous, handle)) return;
    this.#entries.set(key, handle);
    this.#changed.call(key);
  }

  /** There is no client, and `reason` says why. */
  fail(key: ConnectionKey, reason: BridgeError): void {
    this.#entries.set(key, reason);
    this.#changed.call(key);
  }

  remove(key: ConnectionKey): void {
    if (this.#entries.delete(key)) this.#changed.call(key);
  }

  /** To be called when the connection of `key` is established and accepted. */
  ready(key: ConnectionKey): void {
    this.#ready.call(key);
  }

  /** Returns how to stop listening, as does `onReady`. */
  onChange(listener: (key: ConnectionKey) => void): () => void {
    return this.#changed.add(listener);
  }

  onReady(listener: (key: ConnectionKey) => void): () => void {
    return this.#ready.add(listener);
  }
}

/** It is there, and does not answer now. */
export function notReady({ title }: ConnectionHandle, cause: BridgeError): BridgeError {
  return new BridgeError('CONNECTION_NOT_READY', `${title} is not ready: ${cause.message}`, { cause });
}

function isSame(a: ConnectionHandle, b: ConnectionHandle): boolean {
  return a.client === b.client && a.namespaceId === b.namespaceId && a.allowance.id === b.allowance.id;
}

function missing(key: ConnectionKey, namedBy: string): BridgeError {
  const message =
    key === DEFAULT_CONNECTION
      ? `The operator has no default connection: set ${namedBy}, or start the operator with --nacos`
      : `${titleOf(key)}, named by ${namedBy}, does not exist in this namespace`;
  return new BridgeError('REFERENCE_MISSING', message);
}

export function titleOf(key: ConnectionKey): string {
  return key === DEFAULT_CONNECTION ? 'The default connection' : `NacosConnection '${key.split('/').at(-1)}'`;
}
