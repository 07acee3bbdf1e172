/**
 * The one user of the embedded server, the tokens that were issued to it, and the login over HTTP: by v3 on 3.1, and on
 * both generations by v1, as the official SDKs for Go and Python do.
 *
 * Tokens end by the clock, and all at once by `expireTokens`; a restart does not end them, as the signing key of a real
 * server outlives it.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../operator/clock.ts';
import type { Generation } from './generation.ts';
import { required } from './http-routes.ts';
import type { HttpAnswer, HttpHandler, HttpRequest, HttpRoutes } from './http-routes.ts';
import { Refusal } from './refusal.ts';

export interface AccountsOptions {
  readonly generation: Generation;
  /** Without it everybody may do everything. */
  readonly user: { readonly username: string; readonly password: string } | undefined;
  readonly tokenSeconds: number;
  readonly clock: Clock;
}

export interface PresentedCredentials {
  readonly token?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

const maxTokens = 1_000;

export class Accounts {
  readonly #options: AccountsOptions;
  /** Until when each is valid, in the order of issue. */
  readonly #tokens = new Map<string, number>();

  constructor(options: AccountsOptions) {
    this.#options = options;
  }

  get loginRoutes(): HttpRoutes {
    const login: HttpHandler = (request) => this.#login(request);
    return {
      'POST /v1/auth/users/login': login,
      'POST /v1/auth/login': login,
      ...(this.#isV3 && { 'POST /v3/auth/user/login': login }),
    };
  }

  /** Every token that was issued so far is refused from now on. */
  expireTokens(): void {
    this.#tokens.clear();
  }

  /** Who it is, undefined when authentication is off. @throws Refusal */
  identify({ token = '', username, password }: PresentedCredentials): string | undefined {
    const { clock, user } = this.#options;
    if (!user) return undefined;
    const bare = token.replace(/^Bearer\s+/i, '');
    if (bare === '') {
      if (username === user.username && password === user.password) return username;
      throw this.#denied(
        this.#isV3 ? 'User not found! Please check user exist or password is right!' : 'user not found!',
      );
    }
    if (clock.monotonic() < (this.#tokens.get(bare) ?? 0)) return user.username;
    throw this.#denied('token invalid!');
  }

  get #isV3(): boolean {
    return this.#options.generation === '3.1';
  }

  /** @throws Refusal */
  #login(request: HttpRequest): HttpAnswer {
    const { clock, tokenSeconds, user } = this.#options;
    const username = required(request, 'username');
    if (user && (username !== user.username || request.parameters['password'] !== user.password)) {
      // 3.1 answers as to a failure inside, and 2.3 with a status line that no HTTP client reads.
      const failure = { status: 500, error: 'Internal Server Error', message: 'No message available' };
      return this.#isV3 ? { status: 500, body: failure } : { status: 403, body: 'unknown user!' };
    }
    const accessToken = randomBytes(32).toString('base64url');
    this.#tokens.set(accessToken, clock.monotonic() + tokenSeconds * 1_000);
    const [oldest] = this.#tokens.keys();
    if (this.#tokens.size > maxTokens && oldest !== undefined) this.#tokens.delete(oldest);
    return { body: { accessToken, tokenTtl: tokenSeconds, globalAdmin: true, username } };
  }

  /** In the words of the real server, which SDKs show to people. */
  #denied(words: string): Refusal {
    return new Refusal('access denied', this.#isV3 ? `Code: 401, Message: ${words}.` : words);
  }
}
