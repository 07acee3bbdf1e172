/** The connection that is given to the operator itself, for resources that name none. */
import type { Clock } from '../clock.ts';
import { errorFields, type Logger } from '../logger.ts';
import { normaliseNamespaceId, type PublicNamespace, type ServerAddress } from '../nacos/index.ts';
import type { Runnable } from '../runtime/runnable.ts';
import type { Allowance } from './allowance.ts';
import type { ConnectionClients } from './connection-clients.ts';
import type { ConnectionUsers } from './connection-user.ts';
import { DEFAULT_CONNECTION } from './connection-key.ts';
import { PasswordFile } from './password-file.ts';
import type { ConnectionSettings } from './settings.ts';

/** The servers that the operator itself is given, and how to log in there. */
export interface GivenServers {
  readonly nacos: readonly ServerAddress[];
  readonly nacosNamespace: string;
  readonly nacosPublicNamespace: PublicNamespace;
  /** Both or neither. */
  readonly nacosUsername: string | undefined;
  readonly nacosPasswordFile: string | undefined;
  readonly nacosRequestTimeoutMs: number;
}

interface DefaultConnectionOptions {
  given: GivenServers;
  /** What it allows now: what it may mean changes with the labels of namespaces. */
  allowance: () => Allowance;
  clients: Pick<ConnectionClients, 'connect'>;
  users: Pick<ConnectionUsers, 'formerCount' | 'onChange'>;
  clock: Clock;
  log: Logger;
}

const UPDATE_CONCURRENCY = 20;

export class DefaultConnection implements Runnable {
  readonly name = 'default connection';
  readonly #options: DefaultConnectionOptions;
  readonly #passwordFile: PasswordFile | undefined;
  #isFormerTold = false;

  constructor(options: DefaultConnectionOptions) {
    this.#options = options;
    const { nacosPasswordFile: path } = options.given;
    options.users.onChange((connection) => connection === DEFAULT_CONNECTION && this.#tellOfFormer());
    this.#passwordFile = path === undefined ? undefined : new PasswordFile(path, options.clock);
  }

  start(): void {
    this.#connect();
    this.#passwordFile?.watch(() => this.#changed());
  }

  async stop(): Promise<void> {
    this.#passwordFile?.stop();
  }

  /** What it allows has changed. */
  allowanceChanged(): void {
    this.#changed();
  }

  /** While a new file cannot be read the old password is used on. */
  #changed(): void {
    try {
      this.#connect();
    } catch (error) {
      this.#options.log.warn('the password file cannot be used', errorFields(error));
    }
  }

  /** It has no status that could say so. */
  #tellOfFormer(): void {
    const { log, users } = this.#options;
    const services = users.formerCount(DEFAULT_CONNECTION);
    if (services > 0 === this.#isFormerTold) return;
    this.#isFormerTold = services > 0;
    if (services === 0) return log.info('the former password of the default connection is not used any more');
    const next = 'put the right password into the file; a restart would withdraw them';
    log.warn('services are published with the former password still, since Nacos does not take the new one', {
      services,
      next,
    });
  }

  #connect(): void {
    this.#options.clients.connect(DEFAULT_CONNECTION, this.#settings(), this.#options.allowance());
  }

  #settings(): ConnectionSettings {
    const { given } = this.#options;
    const { nacos, nacosNamespace, nacosRequestTimeoutMs, nacosUsername: username } = given;
    const password = this.#passwordFile?.read();
    const credentials = username === undefined || password === undefined ? undefined : { username, password };
    return {
      servers: nacos,
      namespaceId: normaliseNamespaceId(nacosNamespace),
      publicNamespace: given.nacosPublicNamespace,
      credentials,
      requestTimeoutMs: nacosRequestTimeoutMs,
      updateConcurrency: UPDATE_CONCURRENCY,
    };
  }
}
