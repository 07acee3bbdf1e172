/**
 * Credentials that are read again when they are older than a second, once for all requests that wait for them.
 *
 * Rotated tokens and certificates are thereby in use a second later without any file watching. While they cannot be
 * read (a file being replaced, an exec plugin that fails) the last good ones stay in use: if they have expired, the
 * API server says so.
 */
import type { Clock } from '../clock.ts';
import { errorFields } from '../logger.ts';
import type { Logger } from '../logger.ts';
import type { ClusterAccess, Credentials } from './cluster-access.ts';

const maxAgeMs = 1000;

export class CredentialCache {
  readonly #access: ClusterAccess;
  readonly #clock: Clock;
  readonly #log: Logger;
  #last: { credentials: Credentials; readMs: number } | undefined;
  #reading: Promise<Credentials> | undefined;

  constructor(access: ClusterAccess, clock: Clock, log: Logger) {
    this.#access = access;
    this.#clock = clock;
    this.#log = log;
  }

  /** Rejects only when credentials have never been read. */
  get(): Promise<Credentials> {
    const last = this.#last;
    if (last !== undefined && this.#clock.monotonic() - last.readMs < maxAgeMs) {
      return Promise.resolve(last.credentials);
    }
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #read(): Promise<Credentials> {
    const readMs = this.#clock.monotonic();
    try {
      const credentials = await this.#access.credentials();
      this.#last = { credentials, readMs };
      return credentials;
    } catch (error) {
      if (this.#last === undefined) throw error;
      this.#log.warn(
        'credentials for the API server cannot be read again; the last ones stay in use',
        errorFields(error),
      );
      this.#last = { ...this.#last, readMs };
      return this.#last.credentials;
    }
  }
}
