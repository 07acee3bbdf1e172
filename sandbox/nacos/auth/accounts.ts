/**
 * The one user of the embedded server, and the tokens that were issued to it.
 *
 * A token looks like the JWT of the real server, and is opaque: the server knows those that it issued. Tokens end by the
 * clock, and all at once by `expireTokens`; a restart does not end them, as the signing key of a real server outlives it.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { Clock } from '../../../operator/clock.ts';
import type { Generation } from '../generation.ts';
import type { Identity } from '../rpc-dispatcher.ts';

export interface AccountsOptions {
  readonly generation: Generation;
  /** Without it everybody may do everything. */
  readonly user: { readonly username: string; readonly password: string } | undefined;
  readonly tokenSeconds: number;
  readonly clock: Clock;
}

/** The answer to a login, as it is sent. */
export interface IssuedToken {
  readonly accessToken: string;
  readonly tokenTtl: number;
  readonly globalAdmin: boolean;
  readonly username: string;
}

export interface PresentedCredentials {
  readonly token?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

const bearer = /^Bearer\s+/i;

export class Accounts {
  readonly #options: AccountsOptions;
  readonly #key = randomBytes(32);
  /** Until when each is valid, in the order of issue. */
  readonly #tokens = new Map<string, number>();

  constructor(options: AccountsOptions) {
    this.#options = options;
  }

  get isEnabled(): boolean {
    return this.#options.user !== undefined;
  }

  get generation(): Generation {
    return this.#options.generation;
  }

  login(username: string, password: string): IssuedToken | 'unknown-user' | 'wrong-password' {
    const { tokenSeconds, user } = this.#options;
    if (user && username !== user.username) return 'unknown-user';
    if (user && password !== user.password) return 'wrong-password';
    return { accessToken: this.#issue(username), tokenTtl: tokenSeconds, globalAdmin: true, username };
  }

  /** Every token that was issued so far is refused from now on. */
  expireTokens(): void {
    for (const token of this.#tokens.keys()) this.#tokens.set(token, Number.NEGATIVE_INFINITY);
  }

  identify({ token = '', username, password }: PresentedCredentials): Identity {
    const { clock, user } = this.#options;
    if (!user) return { username: undefined };
    const bare = token.replace(bearer, '');
    if (bare === '') {
      const isRight = username === user.username && password === user.password;
      return isRight ? { username } : this.#refusal('missing');
    }
    const expiryMs = this.#tokens.get(bare);
    if (expiryMs !== undefined) {
      return clock.monotonic() < expiryMs ? { username: user.username } : this.#refusal('expired');
    }
    return this.#refusal(bare.split('.').length === 3 ? 'foreign' : 'invalid');
  }

  #refusal(kind: keyof typeof refusals): Identity {
    const wording = refusals[kind][this.#options.generation];
    return { refusal: this.#options.generation === '3.1' ? `Code: 401, Message: ${wording}.` : wording };
  }

  #issue(username: string): string {
    const { clock, tokenSeconds } = this.#options;
    this.#forgetOld();
    const payload = {
      sub: username,
      exp: Math.floor(clock.now() / 1_000) + tokenSeconds,
      jti: randomBytes(6).toString('hex'),
    };
    const unsigned = `${encode({ alg: 'HS256' })}.${encode(payload)}`;
    const token = `${unsigned}.${createHmac('sha256', this.#key).update(unsigned).digest('base64url')}`;
    this.#tokens.set(token, clock.monotonic() + tokenSeconds * 1_000);
    return token;
  }

  /** Some expired ones are kept, to be told from foreign ones. */
  #forgetOld(): void {
    for (const [token, expiryMs] of this.#tokens) {
      if (this.#tokens.size < 1_000 || expiryMs > this.#options.clock.monotonic()) return;
      this.#tokens.delete(token);
    }
  }
}

const refusals = {
  missing: { '3.1': 'User not found! Please check user exist or password is right!', '2.3': 'user not found!' },
  invalid: { '3.1': 'token invalid!', '2.3': 'token invalid!' },
  foreign: { '3.1': 'Invalid signature', '2.3': 'Invalid signature' },
  expired: { '3.1': 'token expired!', '2.3': 'token expired!' },
} as const;

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
