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

const grpcPortOffset = 1000;
const connectLimitMs = 15_000;

/** @throws INVALID_OPTION for ports that are taken, NACOS_* when the servers cannot be reached or refuse the login */
export async function openNacos(
  options: SandboxOptions,
  version: string,
  clock: Clock,
  faults: FaultScript | undefined,
): Promise<NacosSide> {
  const { nacos, nacosUsername: username, nacosPasswordFile, nacosPort } = options;
  if (nacos.length > 0) {
    const isLogin = username !== undefined && nacosPasswordFile !== undefined;
    const credentials = isLogin ? { username, password: new PasswordFile(nacosPasswordFile, clock).read() } : undefined;
    return { ...(await connect(nacos, credentials, version, clock)), isEmbedded: false };
  }
  await assertPortIsFree('--nacos-port', nacosPort);
  const why = `, gRPC at ${nacosPort} + ${grpcPortOffset},`;
  await assertPortIsFree('--nacos-port', nacosPort && nacosPort + grpcPortOffset, why);
  const { startEmbeddedNacos } = await import('../nacos/embedded-nacos.ts');
  const server = await startEmbeddedNacos({ port: nacosPort, clock, log: silentLogger, faults });
  const { host, port, grpcPort } = server;
  try {
    const address = { scheme: 'http', host, port, contextPath: '/nacos', grpcPort } as const;
    const side = await connect([address], undefined, version, clock);
    return { ...side, isEmbedded: true, stop: () => side.stop().then(() => server.stop()) };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Rejects with what was wrong when every server was tried and failed, or the login was refused. */
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
  const { promise: connected, resolve, reject } = Promise.withResolvers<NacosSide['facts']>();
  const late = `no connection to Nacos within ${connectLimitMs} ms`;
  const timer = clock.after(connectLimitMs, () => reject(new BridgeError('NACOS_UNREACHABLE', late)));
  const forget = client.onStateChange((state) => {
    if (state.kind === 'disconnected') reject(state.error);
    else if (state.kind === 'connected' && state.authError) reject(state.authError);
    else if (state.kind === 'connected') resolve(state);
  });
  client.start();
  try {
    return { servers, credentials, client, facts: await connected, stop: () => client.stop() };
  } catch (error) {
    await client.stop();
    throw error;
  } finally {
    timer.cancel();
    forget();
  }
}
