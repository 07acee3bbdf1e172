/**
 * The Nacos servers that the SDKs are tried with: the real one of a generation, and the embedded one that plays the same
 * generation.
 */
import { randomBytes } from 'node:crypto';
import { startEmbeddedNacos } from '../../sandbox/nacos/embedded-nacos.ts';
import { startNacos } from '../testbed/nacos.ts';
import type { NacosVersion } from '../testbed/nacos.ts';

export interface InteropServer {
  readonly title: string;
  readonly host: string;
  /** HTTP; gRPC is at +1000. */
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** A new access token. */
  login(): Promise<string>;
  /** Whether a request with this token is let in. */
  accepts(token: string): Promise<boolean>;
  /** Ends without a word and comes back on the same ports, with tokens that live so long from now on. */
  restart(tokenSeconds: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startRealServer(version: NacosVersion): Promise<InteropServer> {
  const options: { tokenSeconds?: number } = {};
  const nacos = await startNacos(version, options);
  const { host, port, username, password } = nacos;
  return {
    title: `real ${version}`,
    host,
    port,
    username,
    password,
    ...tokensOf(nacos),
    restart: async (tokenSeconds) => {
      await nacos.kill('SIGKILL');
      options.tokenSeconds = tokenSeconds;
      await nacos.start();
    },
    stop: () => nacos.stop(),
  };
}

function tokensOf(server: { host: string; port: number; username: string; password: string }) {
  const { host, port, username, password } = server;
  const base = `http://${host}:${port}/nacos`;
  return {
    login: async () => {
      const response = await fetch(`${base}/v1/auth/users/login`, {
        method: 'POST',
        body: new URLSearchParams({ username, password }),
      });
      return ((await response.json()) as { accessToken: string }).accessToken;
    },
    accepts: async (accessToken: string) => {
      const query = new URLSearchParams({ accessToken, dataId: 'none', group: 'none' });
      const { status } = await fetch(`${base}/v1/cs/configs?${query.toString()}`);
      return status !== 401 && status !== 403;
    },
  };
}

/** Its tokens are short from the start: it is back before one of them expires. */
export async function startEmbeddedServer(version: NacosVersion, tokenSeconds: number): Promise<InteropServer> {
  const password = randomBytes(8).toString('hex');
  const nacos = await startEmbeddedNacos({ generation: version, auth: { password, tokenSeconds } });
  const { host, port, username } = nacos;
  return {
    title: `embedded ${version}`,
    host,
    port,
    username,
    password,
    ...tokensOf({ host, port, username, password }),
    restart: () => nacos.restart(),
    stop: () => nacos.stop(),
  };
}
