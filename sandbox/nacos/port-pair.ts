/**
 * The two ports of a Nacos server: HTTP, and gRPC at 1000 above, where every client expects it.
 */
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { BridgeError } from '../../operator/errors.ts';

export const grpcPortOffset = 1000;
const highestPort = 65_535;
const maxTries = 50;

export interface PortPair {
  readonly http: Server;
  readonly grpc: Server;
}

/**
 * Starts both on `host`; returns the HTTP port. With port 0 it is one that is free together with its companion.
 *
 * @throws INVALID_OPTION naming the port that is taken.
 */
export async function listenOnPair({ grpc, http }: PortPair, host: string, port: number): Promise<number> {
  if (port !== 0) {
    checkPort(port);
    await listen(http, host, port, `port ${port}`);
    try {
      await listen(grpc, host, port + grpcPortOffset, `port ${port + grpcPortOffset} for gRPC (the HTTP port + 1000)`);
    } catch (error) {
      await close(http);
      throw error;
    }
    return port;
  }
  for (let tries = 1; ; tries += 1) {
    await listen(http, host, 0, 'a free port');
    const found = (http.address() as AddressInfo).port;
    try {
      checkPort(found);
      await listen(grpc, host, found + grpcPortOffset, `port ${found + grpcPortOffset}`);
      return found;
    } catch (error) {
      await close(http);
      if (tries === maxTries) throw error;
    }
  }
}

/** Stops listening; returns when the last connection is gone, which the caller cuts. */
export async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  await once(server, 'close');
}

function checkPort(port: number): void {
  if (port + grpcPortOffset <= highestPort) return;
  const message = `port ${port} is too high: gRPC is at the HTTP port + ${grpcPortOffset}, which must not be over ${highestPort}`;
  throw new BridgeError('INVALID_OPTION', message);
}

async function listen(server: Server, host: string, port: number, what: string): Promise<void> {
  const listening = once(server, 'listening');
  server.listen(port, host);
  try {
    await listening;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const cause = code === 'EADDRINUSE' ? 'it is in use; choose another one' : code;
    throw new BridgeError('INVALID_OPTION', `Nacos cannot listen on ${what} of ${host}: ${cause}`, { cause: error });
  }
}
