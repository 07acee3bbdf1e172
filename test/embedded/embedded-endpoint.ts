/** An embedded Nacos that asks for a login, with a password that occurs nowhere by itself: finding it is a leak. */
import { randomBytes } from 'node:crypto';
import { systemClock } from '../../operator/clock.ts';
import { silentLogger } from '../../operator/logger.ts';
import { startEmbeddedNacos } from '../../sandbox/nacos/embedded-nacos.ts';
import type { EmbeddedNacos } from '../../sandbox/nacos/embedded-nacos.ts';
import type { NacosEndpoint } from '../scenarios/nacos-backend.ts';
import { NacosAdmin } from '../testbed/nacos-admin.ts';
import { freePortBlock } from '../testbed/ports.ts';

export interface EmbeddedEndpoint {
  readonly nacos: EmbeddedNacos;
  readonly endpoint: NacosEndpoint;
}

/** `dumpDelayMs` is how long what clients read lags what was written, `authOf` what asks for the login. */
export async function startEmbeddedEndpoint(
  generation: NacosEndpoint['version'],
  dumpDelayMs?: number,
  authOf: 'everything' | 'admin' = 'everything',
): Promise<EmbeddedEndpoint> {
  const auth = { username: 'nacos', password: `marker-${randomBytes(12).toString('hex')}` };
  // It may go away and come back, and nobody else must take its ports meanwhile; gRPC is at the port + 1000.
  const port = await freePortBlock([0, 1000]);
  const nacos = await startEmbeddedNacos({
    port,
    generation,
    auth: { ...auth, of: authOf },
    dumpDelayMs,
    clock: systemClock,
    log: silentLogger,
  });
  const { host, grpcPort } = nacos;
  const admin = new NacosAdmin({ version: generation, baseUrl: `http://${host}:${port}/nacos`, ...auth });
  return { nacos, endpoint: { version: generation, host, port, grpcPort, ...auth, admin } };
}
