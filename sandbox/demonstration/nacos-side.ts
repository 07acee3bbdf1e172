/**
 * The Nacos of a sandbox: the embedded server, or servers that were named; and a client of it that is not the operator's,
 * by which the sandbox sees what any application would see, and edits what a person would edit there.
 */
import type { Clock } from '../../operator/clock.ts';
import { PasswordFile } from '../../operator/connections/password-file.ts';
import { BridgeError } from '../../operator/errors.ts';
import { silentLogger } from '../../operator/logger.ts';
import { type ClientState, type Credentials, NacosClient, type ServerAddress } from '../../operator/nacos/index.ts';
import type { SandboxOptions } from '../sandbox-options.ts';
import type { FaultScript } from '../fault-script.ts';
import { assertPortIsFree } from './free-port.ts';

export interface NacosSide {
  readonly isEmbedded: boolean;
  readonly servers: readonly ServerAddress[];
  readonly credentials: Credentials | undefined;
  readonly client: NacosClient;
  readonly facts: Extract<ClientState, { kind: 'connected' }>;
  stop(): Promise<void>;
}

const host = '127.0.0.1';
const grpcPortOffset = 1000;
const connectLimitMs = 15_000;

/** @throws INVALID_OPTION for ports that are taken, NACOS_* when the servers cannot be reached or refuse the login */
export async function openNacos(
  options: SandboxOptions,
  version: string,
  clock: Clock,
  faults: FaultScript | undefined,
): Promise<NacosSide> {
  if (options.nacos.length === 0) return openEmbedded(options.nacosPort, version, clock, faults);
  const { nacosUsername: username, nacosPasswordFile } = options;
  const isLogin = username !== undefined && nacosPasswordFile !== undefined;
  const credentials = isLogin ? { username, password: new PasswordFile(nacosPasswordFile, clock).read() } : undefined;
  return { ...(await connect(options.nacos, credentials, version, clock)), isEmbedded: false };
}

async function openEmbedded(
  port: number,
  version: string,
  clock: Clock,
  faults: FaultScript | undefined,
): Promise<NacosSide> {
  await assertPortIsFree('--nacos-port', port);
  if (port !== 0)
    await assertPortIsFree('--nacos-port', port + grpcPortOffset, `, gRPC at ${port} + ${grpcPortOffset},`);
  const { startEmbeddedNacos } = await import('../nacos/embedded-nacos.ts');
  const server = await startEmbeddedNacos({ port, clock, log: silentLogger, faults });
  const address: ServerAddress = {
    scheme: 'http',
    host,
    port: server.port,
    contextPath: '/nacos',
    grpcPort: server.grpcPort,
  };
  try {
    const side = await connect([address], undefined, version, clock);
    const stop = async () => {
      await side.stop();
      await server.stop();
    };
    return { ...side, isEmbedded: true, stop };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function connect(
  servers: readonly ServerAddress[],
  credentials: Credentials | undefined,
  version: string,
  clock: Clock,
): Promise<Omit<NacosSide, 'isEmbedded'>> {
  const client = new NacosClient({
    servers,
    credentials,
    clientName: `Nacos-Bridge-Sandbox:v${version}`,
    appName: 'nacos-bridge-sandbox',
    clock,
  });
  const connected = firstConnection(client, clock);
  client.start();
  try {
    return { servers, credentials, client, facts: await connected, stop: () => client.stop() };
  } catch (error) {
    await client.stop();
    throw error;
  }
}

/** Rejects with what was wrong when every server was tried and failed, or the login was refused. */
function firstConnection(client: NacosClient, clock: Clock): Promise<NacosSide['facts']> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(connectLimitMs, () => {
      const message = `no connection to Nacos within ${connectLimitMs} ms`;
      end(() => reject(new BridgeError('NACOS_UNREACHABLE', message)));
    });
    const forget = client.onStateChange((state) => {
      if (state.kind === 'disconnected') end(() => reject(state.error));
      if (state.kind === 'connected' && state.authError) end(() => reject(state.authError));
      else if (state.kind === 'connected') end(() => resolve(state));
    });
    const end = (outcome: () => void) => {
      timer.cancel();
      forget();
      outcome();
    };
  });
}
