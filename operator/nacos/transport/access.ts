/**
 * What servers say to our requests: sends each with the token, once more with another when the server refuses it, and
 * keeps the verdict. One for each audience whose rights are its own; all share one login.
 *
 *   the login          requests without a token    verdict
 *   no credentials     refused                     the server asks for a user name and password
 *   no credentials     served, or none was sent    authenticated
 *   under way          served                      authenticated
 *   under way          refused, or none was sent   not yet
 *   accepted           any                         authenticated
 *   failed             served                      authenticated: the server asks for nothing
 *   failed             refused, or none was sent   the failure of the login
 *
 * A refusal for a right that the user lacks says nothing of the token, and no login is asked for another. Nacos tells the
 * two apart by their words alone (2.0 to 3.1); what a plugin words otherwise counts as a refusal of the token.
 *
 * Caveat: a request is repeated for its token alone, so a server must not have carried it out when it refuses it.
 */
import { BridgeError } from '../../errors.ts';
import type { Login } from './login.ts';

export interface AuthStatus {
  /** The server took our credentials, or asked for none. */
  readonly authenticated: boolean;
  readonly authError?: BridgeError;
}

/** The headers of a request, which carry the token; the same over gRPC and HTTP. */
export type TokenHeaders = Readonly<Record<string, string>>;

/** What an answer says of the right to ask; undefined when nothing. `forbidden`: the user is known, and lacks the right. */
export type Word = 'served' | 'refused' | 'forbidden' | undefined;

interface AccessOptions {
  readonly login: Login;
  readonly onChange: (status: AuthStatus) => void;
  /**
   * Whether a token that is refused here, and cannot be had anew, is given up for all audiences. Only where all are asked
   * by the same rules.
   */
  readonly speaksForAll: boolean;
}

/** Of an answer that refuses, by its text. */
export function wordOfRefusal(message: string): 'refused' | 'forbidden' {
  return /authorization failed/i.test(message) ? 'forbidden' : 'refused';
}

export class Access {
  readonly #options: AccessOptions;
  /** The last word on a request without a token. A refusal of one with a token says that it would be refused, too. */
  #withoutToken: Word;
  #status: AuthStatus;

  constructor(options: AccessOptions) {
    this.#options = options;
    this.#status = this.#verdict();
    options.login.onChange(() => this.#loginChanged());
  }

  get status(): AuthStatus {
    return this.#status;
  }

  /**
   * Sends with the headers that it hands out.
   *
   * @returns the answer, also one that refuses us for a right that we lack.
   * @throws what `send` throws; why we are not authenticated.
   */
  async send<Answer>(
    send: (token: TokenHeaders) => Promise<Answer>,
    wordOf: (answer: Answer) => Word,
  ): Promise<Answer> {
    const { login, speaksForAll } = this.#options;
    let { token } = login;
    let answer = await send(headersOf(token));
    // Without a token nobody is known, whatever the words are.
    const isRefused = (): boolean => {
      const word = wordOf(answer);
      return word === 'refused' || (word === 'forbidden' && token === undefined);
    };
    if (isRefused()) {
      if (await login.renew(token, { isLast: speaksForAll })) {
        ({ token } = login);
        answer = await send(headersOf(token));
      }
      if (isRefused()) this.#refused();
    }
    if (token === undefined && wordOf(answer) === 'served') this.#hear('served');
    return answer;
  }

  #refused(): void {
    this.#hear('refused');
    if (this.#status.authError) throw this.#status.authError;
  }

  #hear(word: Word): void {
    if (word === this.#withoutToken) return;
    this.#withoutToken = word;
    this.#look();
  }

  #loginChanged(): void {
    const { kind } = this.#options.login.state;
    // With other credentials, or none, nothing is known of the server.
    if (kind === 'none' || kind === 'untried') this.#withoutToken = undefined;
    this.#look();
  }

  #look(): void {
    const before = this.#status;
    const after = this.#verdict();
    if (after.authenticated === before.authenticated && after.authError?.message === before.authError?.message) return;
    this.#status = after;
    this.#options.onChange(after);
  }

  #verdict(): AuthStatus {
    const login = this.#options.login.state;
    switch (login.kind) {
      case 'none':
        return this.#withoutToken === 'refused'
          ? { authenticated: false, authError: new BridgeError('NACOS_UNAUTHENTICATED', noCredentials) }
          : { authenticated: true };
      case 'untried':
        return { authenticated: this.#withoutToken === 'served' };
      case 'accepted':
        return { authenticated: true };
      case 'failed':
        return this.#withoutToken === 'served'
          ? { authenticated: true }
          : { authenticated: false, authError: login.error };
      default:
        return login satisfies never;
    }
  }
}

const noCredentials = 'the server asks for a user name and password, and none are configured';

function headersOf(token: string | undefined): TokenHeaders {
  return token === undefined ? {} : { accessToken: token };
}
