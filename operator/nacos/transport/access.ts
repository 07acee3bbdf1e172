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

/** What an answer says of the right to ask; undefined when nothing. */
export type Word = 'served' | 'refused' | undefined;

export class Access {
  readonly #login: Login;
  readonly #onChange: (status: AuthStatus) => void;
  /** The last word on a request without a token. A refusal of one with a token says that it would be refused, too. */
  #withoutToken: Word;
  #status: AuthStatus;

  constructor(login: Login, onChange: (status: AuthStatus) => void) {
    this.#login = login;
    this.#onChange = onChange;
    this.#status = this.#verdict();
    login.onChange(() => this.#loginChanged());
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
    let { token } = this.#login;
    let answer = await send(headersOf(token));
    if (wordOf(answer) === 'refused') {
      if (await this.#login.renew(token)) {
        ({ token } = this.#login);
        answer = await send(headersOf(token));
      }
      if (wordOf(answer) === 'refused') this.#refused();
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
    const { kind } = this.#login.state;
    // With other credentials, or none, nothing is known of the server.
    if (kind === 'none' || kind === 'untried') this.#withoutToken = undefined;
    this.#look();
  }

  #look(): void {
    const before = this.#status;
    const after = this.#verdict();
    if (after.authenticated === before.authenticated && after.authError?.message === before.authError?.message) return;
    this.#status = after;
    this.#onChange(after);
  }

  #verdict(): AuthStatus {
    const login = this.#login.state;
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
