/**
 * What the server of the moment says of itself over HTTP: its version, and which API it has for administration.
 *
 * A server that starts opens its gRPC port some seconds before its HTTP port. So it is asked once before a connection is
 * used, and where that brings nothing again and again, with growing pauses, for as long as the connection lasts. No other
 * server is asked: those of a cluster may be of several versions while it is upgraded.
 */
import { sleep } from '../../clock.ts';
import { errorFields } from '../../logger.ts';
import { Backoff } from '../../runtime/backoff.ts';
import type { Surroundings } from '../surroundings.ts';
import type { Connection } from '../transport/connection.ts';
import type { AdminApi } from './admin-api.ts';

export interface Description {
  readonly serverVersion: string | undefined;
  readonly adminApi: 'v3' | 'v1' | 'none';
}

interface ServerDescriptionOptions extends Surroundings {
  readonly admin: Pick<AdminApi, 'forget' | 'serverState'>;
  /** Told when it is learnt after the connection was taken into use. */
  readonly onLearnt: () => void;
}

const nothingKnown: Description = { serverVersion: undefined, adminApi: 'none' };

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
    this.#options.admin.forget();
    if (!(await this.#ask(connection))) void this.#askAgain(connection);
  }

  async #askAgain(connection: Connection): Promise<void> {
    const { clock, onLearnt, random } = this.#options;
    const backoff = new Backoff({ initialMs: 1_000, maxMs: 30_000, random });
    do {
      await sleep(clock, backoff.nextMs());
      if (!connection.isOpen) return;
    } while (!(await this.#ask(connection)));
    if (connection.isOpen) onLearnt();
  }

  /** Returns whether that is over: the server has told, or the connection has ended. */
  async #ask(connection: Connection): Promise<boolean> {
    const { admin, log } = this.#options;
    try {
      const { adminApi, version } = await admin.serverState({ server: connection.server });
      if (connection.isOpen) this.#known = { serverVersion: version || undefined, adminApi };
      return true;
    } catch (error) {
      log.debug('the server does not tell its version over HTTP', errorFields(error));
      return !connection.isOpen;
    }
  }
}
