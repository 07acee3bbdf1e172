/**
 * What the server of the moment says of itself over HTTP: its version, and which API it has for administration.
 *
 * A server that starts opens its gRPC port some seconds before its HTTP port. So it is asked once before a connection is
 * used, and where that brings nothing again and again, with growing pauses, for as long as the connection lasts.
 */
import type { Clock } from '../../clock.ts';
import { isBridgeError } from '../../errors.ts';
import { errorFields } from '../../logger.ts';
import type { Logger } from '../../logger.ts';
import { backoffMs } from '../../runtime/backoff.ts';
import type { Connection } from '../transport/connection.ts';
import type { AdminApi } from './admin-api.ts';

export interface Description {
  readonly serverVersion: string | undefined;
  readonly adminApi: 'v3' | 'v1' | 'none';
}

interface ServerDescriptionOptions {
  readonly admin: Pick<AdminApi, 'serverState'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Told when it is learnt after the connection was taken into use. */
  readonly onLearnt: () => void;
}

const nothingKnown: Description = { serverVersion: undefined, adminApi: 'none' };
const backoff = { initialMs: 1_000, maxMs: 30_000 };

export class ServerDescription {
  readonly #options: ServerDescriptionOptions;
  #known = nothingKnown;

  constructor(options: ServerDescriptionOptions) {
    this.#options = options;
  }

  get known(): Description {
    return this.#known;
  }

  /** Asks the server of a new connection once, and goes on later where there is no answer. Never rejects. */
  async learn(connection: Connection): Promise<void> {
    this.#known = nothingKnown;
    const description = await this.#ask();
    if (description) this.#known = description;
    else this.#askLater(connection, 0);
  }

  /** Undefined when the HTTP port does not answer (yet). */
  async #ask(): Promise<Description | undefined> {
    const { admin, log } = this.#options;
    try {
      const { version, adminApi } = await admin.serverState();
      return { serverVersion: version || undefined, adminApi };
    } catch (error) {
      if (isBridgeError(error, 'NACOS_UNSUPPORTED')) return nothingKnown;
      log.debug('the server does not tell its version over HTTP', errorFields(error));
      return undefined;
    }
  }

  #askLater(connection: Connection, attempt: number): void {
    const { clock, random } = this.#options;
    const pauseMs = backoffMs({ ...backoff, random }, attempt);
    clock.after(pauseMs, () => void this.#askAgain(connection, attempt));
  }

  async #askAgain(connection: Connection, attempt: number): Promise<void> {
    if (!connection.isOpen) return;
    const description = await this.#ask();
    if (!connection.isOpen) return;
    if (!description) return this.#askLater(connection, attempt + 1);
    this.#known = description;
    this.#options.onLearnt();
  }
}
