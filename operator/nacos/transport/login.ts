/**
 * The access token of one client: logged in, refreshed before it expires, and renewed when a server refuses it.
 *
 * Login is `POST /v3/auth/user/login`, and `/v1/auth/users/login` where that does not exist. A token is refreshed when
 * between 1/15 and 1/10 of its life is left (at random, so that many clients spread). A refused token is renewed at once,
 * but not more often than every 5 s, and all that wait share one login. A failed login is repeated with growing pauses up
 * to 30 s, for as long as the credentials stand, since a server may accept again what it refused.
 *
 * Without credentials there is no token and requests are sent without. Where a server has no authentication its login may
 * fail, or not be there at all: that is a failure here, and Access finds out that the server asks for nothing.
 * Guarantee: the password is in no error, log line or property that others can read.
 */
import type { Timer } from '../../clock.ts';
import { BridgeError } from '../../errors.ts';
import { errorFields } from '../../logger.ts';
import { backoffMs } from '../../runtime/backoff.ts';
import type { Surroundings } from '../surroundings.ts';
import type { HttpAnswer, HttpTransport } from './http-transport.ts';
import { numberOf, parseJsonObject, textOf } from './json-object.ts';
import type { NacosMetrics } from '../metrics.ts';
import { errorOfHttp, jsonOf } from './http-errors.ts';
import { bridgeErrorOf } from './response-errors.ts';
import { hostAndPort } from './server-address.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** What became of the credentials. */
type LoginState =
  | { readonly kind: 'none' }
  | { readonly kind: 'untried' }
  | { readonly kind: 'accepted'; readonly token: string }
  | { readonly kind: 'failed'; readonly error: BridgeError };

interface LoginOptions extends Surroundings {
  readonly http: HttpTransport;
  readonly metrics: NacosMetrics;
}

const paths = ['/v3/auth/user/login', '/v1/auth/users/login'];
/** What says that there is no such path. */
const absentStatuses = [404, 405, 410, 501];
/** A token that was just issued and is refused lacks the right: another one would, too. */
const minRenewalGapMs = 5_000;
/** After a login that failed. */
const minRetryGapMs = 1_000;

export class Login {
  readonly #options: LoginOptions;
  readonly #listeners: (() => void)[] = [];
  #credentials: Credentials | undefined;
  #state: LoginState;
  #running: Promise<BridgeError | undefined> | undefined;
  #timer: Timer | undefined;
  /** In a row; while a token is good they change nothing. */
  #failures = 0;
  #lastLoginMs = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  constructor(credentials: Credentials | undefined, options: LoginOptions) {
    this.#options = options;
    this.#credentials = credentials;
    this.#state = stateBefore(credentials);
  }

  get state(): LoginState {
    return this.#state;
  }

  get token(): string | undefined {
    return this.#state.kind === 'accepted' ? this.#state.token : undefined;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Logs in unless that is done, and when the last refresh failed. Never rejects: `state` tells the outcome. */
  async ensure(): Promise<void> {
    if (this.#state.kind !== 'accepted' || this.#failures > 0) await this.#login();
  }

  /** Takes effect at once: what was known about the old ones is forgotten, and a login follows. */
  setCredentials(credentials: Credentials | undefined): Promise<void> {
    this.#credentials = credentials;
    this.#running = undefined;
    this.#timer?.cancel();
    this.#failures = 0;
    this.#change(stateBefore(credentials));
    return this.ensure();
  }

  /**
   * A server refused a request that was sent with this token, or without one. Resolves to whether there is another.
   * `isLast`: a refused token that cannot be had anew is of no use to anybody.
   */
  async renew(refused: string | undefined, { isLast }: { isLast: boolean }): Promise<boolean> {
    const gapMs = this.#failures === 0 ? minRenewalGapMs : minRetryGapMs;
    const isTooSoon = !this.#running && this.#options.clock.monotonic() - this.#lastLoginMs < gapMs;
    if (this.token === refused && !isTooSoon) {
      const error = await this.#login();
      if (error && isLast && this.token === refused) this.#drop(error);
    }
    return this.token !== undefined && this.token !== refused;
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** Resolves to why it failed, if it did. */
  #login(): Promise<BridgeError | undefined> {
    const credentials = this.#credentials;
    if (!credentials || this.#isStopped) return Promise.resolve(undefined);
    this.#running ??= this.#loginWith(credentials).finally(() => {
      if (credentials === this.#credentials) this.#running = undefined;
    });
    return this.#running;
  }

  async #loginWith(credentials: Credentials): Promise<BridgeError | undefined> {
    this.#timer?.cancel();
    this.#lastLoginMs = this.#options.clock.monotonic();
    try {
      const answer = await this.#options.metrics.measure('login', () => this.#post(credentials));
      if (credentials === this.#credentials) this.#accept(answer);
      return undefined;
    } catch (error) {
      const failure = bridgeErrorOf(error);
      if (credentials === this.#credentials) this.#fail(failure);
      return failure;
    }
  }

  async #post({ password, username }: Credentials): Promise<Grant> {
    let answer: HttpAnswer | undefined;
    for (const path of paths) {
      answer = await this.#options.http.send({ method: 'POST', path, form: { username, password } });
      if (answer.status === 200) return grantOf(answer);
      if (!absentStatuses.includes(answer.status)) throw refusal(answer, username);
    }
    throw noLogin(answer!);
  }

  #accept({ token, ttlMs }: Grant): void {
    this.#failures = 0;
    this.#change({ kind: 'accepted', token });
    if (ttlMs > 0) this.#schedule(ttlMs - ttlMs * (1 / 15 + this.#options.random() / 30));
  }

  /** A token stays in use for as long as servers take it, whatever became of its refresh. */
  #fail(error: BridgeError): void {
    if (this.token === undefined) this.#drop(error);
    // A server that is away comes back without notice; one that refuses us needs somebody to mend it.
    const maxMs = error.code === 'NACOS_UNAUTHENTICATED' ? 30_000 : 3_000;
    this.#schedule(backoffMs({ initialMs: 500, maxMs, random: this.#options.random }, this.#failures));
    this.#failures += 1;
  }

  #drop(error: BridgeError): void {
    const isKnown = this.#state.kind === 'failed' && this.#state.error.message === error.message;
    if (!isKnown) this.#options.log.warn('login failed', errorFields(error));
    this.#change({ kind: 'failed', error });
  }

  #schedule(delayMs: number): void {
    if (this.#isStopped) return;
    this.#timer = this.#options.clock.after(delayMs, () => void this.#login());
  }

  #change(state: LoginState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

function stateBefore(credentials: Credentials | undefined): LoginState {
  return { kind: credentials ? 'untried' : 'none' };
}

interface Grant {
  readonly token: string;
  /** 0 where the server does not say. */
  readonly ttlMs: number;
}

/** @throws NACOS_FAILED when there is no token in it: whatever answered is no login of Nacos. */
function grantOf(answer: HttpAnswer): Grant {
  const where = whereOf(answer);
  const body = parseJsonObject(answer.text, `the answer to the ${where}`);
  const token = textOf(body['accessToken']);
  if (token !== '') return { token, ttlMs: numberOf(body['tokenTtl']) * 1_000 };
  throw new BridgeError('NACOS_FAILED', `${where}: HTTP 200 without an access token; is this the HTTP port of Nacos?`);
}

function noLogin(answer: HttpAnswer): BridgeError {
  const { contextPath } = answer.server;
  const message =
    `${whereOf(answer)}: there is no login below the contextPath '${contextPath}' (HTTP ${answer.status}); ` +
    'set `contextPath` to where Nacos serves HTTP, or leave the credentials out if it asks for none';
  return new BridgeError('NACOS_UNAUTHENTICATED', message);
}

function refusal(answer: HttpAnswer, username: string): BridgeError {
  const where = whereOf(answer);
  const refused = `Nacos refused the user '${username}' or the password (HTTP ${answer.status})`;
  if (isRefusal(answer)) return new BridgeError('NACOS_UNAUTHENTICATED', `${where}: ${refused}`);
  if (!isWordless500(answer)) return errorOfHttp(answer, where);
  const orElse = 'or failed inside: Nacos 3.1 does not say which. Check the password, then the log of the server';
  return new BridgeError('NACOS_UNAUTHENTICATED', `${where}: ${refused}, ${orElse}`);
}

/** By the book it is 403. A server of 2.3 has a status line with 0 for a wrong password, and 500 for an unknown user. */
function isRefusal({ status, text }: HttpAnswer): boolean {
  return (
    [0, 401, 403].includes(status) || (status === 500 && /unknown user|user .*not found|bad credentials/i.test(text))
  );
}

/** The answer of 3.1 to a wrong password, and to whatever fails inside it. */
function isWordless500(answer: HttpAnswer): boolean {
  const body = answer.status === 500 ? jsonOf(answer) : undefined;
  return body !== undefined && ['', 'No message available'].includes(textOf(body['message']));
}

function whereOf({ server }: HttpAnswer): string {
  return `login at ${hostAndPort(server)}`;
}
