import assert from 'node:assert/strict';
import { BridgeError } from '../../../operator/errors.ts';
import { Access, type AuthStatus, type Word, wordOfRefusal } from '../../../operator/nacos/transport/access.ts';
import type { Login } from '../../../operator/nacos/transport/login.ts';

type State = Login['state'];

const wrong = new BridgeError('NACOS_UNAUTHENTICATED', 'wrong password');

/** A login that is what the test says, and can be had anew once. */
class StubLogin {
  renewed: string | undefined;
  /** Whether a refusal of the token was said to be the last word on it. */
  readonly wasLast: boolean[] = [];
  readonly #listeners: (() => void)[] = [];
  #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  get state(): State {
    return this.#state;
  }

  set state(state: State) {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }

  get token(): string | undefined {
    return this.#state.kind === 'accepted' ? this.#state.token : undefined;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async renew(refused: string | undefined, { isLast }: { isLast: boolean }): Promise<boolean> {
    this.wasLast.push(isLast);
    if (this.renewed !== undefined) this.state = { kind: 'accepted', token: this.renewed };
    return this.token !== undefined && this.token !== refused;
  }
}

function setUp(state: State, speaksForAll = true) {
  const login = new StubLogin(state);
  const told: AuthStatus[] = [];
  const onChange = (status: AuthStatus): void => void told.push(status);
  const access = new Access({ login: login as unknown as Login, onChange, speaksForAll });
  /** Sends a request to a server that says this word; resolves to the tokens that were sent. */
  const ask = async (...words: Word[]): Promise<(string | undefined)[]> => {
    const sent: (string | undefined)[] = [];
    await access.send(
      async ({ accessToken }) => {
        sent.push(accessToken);
        return words[Math.min(sent.length, words.length) - 1];
      },
      (word) => word,
    );
    return sent;
  };
  return { access, ask, login, told };
}

const verdictOf = ({ authError, authenticated }: AuthStatus): string =>
  authenticated ? 'authenticated' : (authError?.message ?? 'not yet');
const wanted = 'the server asks for a user name and password, and none are configured';

/** The table in the header of access.ts. */
const verdicts: readonly [State, Word, string][] = [
  [{ kind: 'none' }, undefined, 'authenticated'],
  [{ kind: 'none' }, 'served', 'authenticated'],
  [{ kind: 'none' }, 'refused', wanted],
  [{ kind: 'untried' }, undefined, 'not yet'],
  [{ kind: 'untried' }, 'served', 'authenticated'],
  [{ kind: 'untried' }, 'refused', 'not yet'],
  [{ kind: 'none' }, 'forbidden', wanted],
  [{ kind: 'accepted', token: 't' }, undefined, 'authenticated'],
  [{ kind: 'accepted', token: 't' }, 'served', 'authenticated'],
  [{ kind: 'accepted', token: 't' }, 'refused', 'authenticated'],
  [{ kind: 'failed', error: wrong }, undefined, 'wrong password'],
  [{ kind: 'failed', error: wrong }, 'served', 'authenticated'],
  [{ kind: 'failed', error: wrong }, 'refused', 'wrong password'],
];

describe('the verdict on our access', () => {
  for (const [state, word, verdict] of verdicts) {
    it(`is '${verdict}' with a login that is ${state.kind} and a request that was ${word ?? 'neither served nor refused'}`, async () => {
      const { access, ask } = setUp(state);
      await ask(word).catch(() => {});
      assert.equal(verdictOf(access.status), verdict);
    });
  }

  it('is told when it changes, and not again', async () => {
    const { ask, login, told } = setUp({ kind: 'untried' });
    await ask('served');
    await ask('served');
    login.state = { kind: 'failed', error: wrong };
    login.state = { kind: 'accepted', token: 't' };
    assert.deepEqual(told.map(verdictOf), ['authenticated']);
  });

  it('begins anew with other credentials', async () => {
    const { access, ask, login } = setUp({ kind: 'none' });
    await assert.rejects(ask('refused'), { message: wanted });
    login.state = { kind: 'none' };
    assert.equal(verdictOf(access.status), 'authenticated');
  });

  it('is one for each audience of a login', async () => {
    const { access, ask, login } = setUp({ kind: 'none' });
    const onChange = (): void => assert.fail('not its business');
    const other = new Access({ login: login as unknown as Login, onChange, speaksForAll: false });
    await assert.rejects(ask('refused'));
    assert.deepEqual(
      [access, other].map(({ status }) => status.authenticated),
      [false, true],
    );
  });
});

describe('a request that is refused', () => {
  it('is sent once more, with another token', async () => {
    const { ask, login } = setUp({ kind: 'accepted', token: 'old' });
    login.renewed = 'new';
    assert.deepEqual(await ask('refused', 'served'), ['old', 'new']);
  });

  it('is not sent again with the same, and its answer tells why it was refused', async () => {
    const { ask } = setUp({ kind: 'accepted', token: 'old' });
    assert.deepEqual(await ask('refused'), ['old']);
  });

  it('is the last word on the token only from who speaks for all', async () => {
    for (const speaksForAll of [true, false]) {
      const { ask, login } = setUp({ kind: 'accepted', token: 'old' }, speaksForAll);
      await ask('refused');
      assert.deepEqual(login.wasLast, [speaksForAll]);
    }
  });

  for (const [message, word] of [
    ['authorization failed!', 'forbidden'],
    ['Code: 403, Message: authorization failed!.', 'forbidden'],
    ['token invalid!', 'refused'],
    ['Code: 401, Message: token expired!.', 'refused'],
    ['whatever a plugin says', 'refused'],
  ] as const) {
    it(`for '${message}' is ${word === 'refused' ? 'one of the token' : 'one of the right, and no login mends it'}`, async () => {
      assert.equal(wordOfRefusal(message), word);
      const { ask, login } = setUp({ kind: 'accepted', token: 'old' });
      login.renewed = 'new';
      assert.deepEqual(await ask(word, 'served'), word === 'refused' ? ['old', 'new'] : ['old']);
    });
  }

  it('fails with what is wrong with the login, where that is', async () => {
    const { ask } = setUp({ kind: 'failed', error: wrong });
    await assert.rejects(ask('refused'), wrong);
  });
});
