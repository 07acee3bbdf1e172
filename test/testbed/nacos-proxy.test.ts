import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { NacosProxy } from './nacos-proxy.ts';

/** Says its name to each client and ends. */
async function startServer(name: string): Promise<Server> {
  // The proxy resets what is open when it closes.
  const server = createServer((socket) => socket.on('error', () => {}).end(name));
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  return server;
}

async function nameAt(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port });
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return chunk.toString();
}

describe('the Nacos proxy', () => {
  it('offers HTTP at a port and gRPC at that port plus 1000, wherever the server has them', async () => {
    const servers = await Promise.all([startServer('http'), startServer('grpc')]);
    const [port = 0, grpcPort = 0] = servers.map((server) => (server.address() as AddressInfo).port);
    const proxy = await NacosProxy.start({ host: '127.0.0.1', port, grpcPort });
    try {
      assert.equal(await nameAt(proxy.port), 'http');
      assert.equal(await nameAt(proxy.port + 1000), 'grpc');
      await proxy.refuse();
      await assert.rejects(nameAt(proxy.port + 1000), { code: 'ECONNREFUSED' });
      await proxy.release();
      assert.equal(await nameAt(proxy.port + 1000), 'grpc');
    } finally {
      await proxy.close();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    }
  });
});
