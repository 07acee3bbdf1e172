/** The connection that is given to the operator itself, for resources that name none. */
import type { Clock } from '../clock.ts';
import { errorFields, type Logger } from '../logger.ts';
import { normaliseNamespaceId, type ServerAddress } from '../nacos/index.ts';
import type { Runnable } from '../runtime/runnable.ts';
import type { Connections } from './controller.ts';
import { PasswordFile } from './password-file.ts';
import type { ConnectionSettings } from './settings.ts';

export interface DefaultConnectionOptions {
  connections: Connections;
  servers: readonly ServerAddress[];
  namespaceId: string;
  /** Both or neither. */
  username: string | undefined;
  passwordFile: string | undefined;
  requestTimeoutMs: number;
  clock: Clock;
  log: Logger;
}

const UPDATE_CONCURRENCY = 20;

export class DefaultConnection implements Runnable {
  readonly name = 'default connection';
  readonly #options: DefaultConnectionOptions;
  readonly #passwordFile: PasswordFile | undefined;

  constructor(options: DefaultConnectionOptions) {
    this.#options = options;
    this.#passwordFile =
      options.passwordFile === undefined ? undefined : new PasswordFile(options.passwordFile, options.clock);
  }

  start(): void {
    this.#options.connections.setDefault(this.#settings());
    this.#passwordFile?.watch(() => this.#changed());
  }

  async stop(): Promise<void> {
    this.#passwordFile?.stop();
  }

  /** While a new file cannot be read the old password is used on. */
  #changed(): void {
    try {
      this.#options.connections.setDefault(this.#settings());
    } catch (error) {
      this.#options.log.warn('the password file cannot be used', errorFields(error));
    }
  }

  #settings(): ConnectionSettings {
    const { namespaceId, requestTimeoutMs, servers, username } = this.#options;
    const password = this.#passwordFile?.read();
    const credentials = username === undefined || password === undefined ? undefined : { username, password };
    return {
      servers,
      namespaceId: normaliseNamespaceId(namespaceId),
      credentials,
      requestTimeoutMs,
      updateConcurrency: UPDATE_CONCURRENCY,
    };
  }
}
