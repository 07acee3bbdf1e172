import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { TcpProxy } from './tcp-proxy.ts';

/** Answers every chunk with itself, and ends when its client ends. */
async function startEcho(): Promise<{ server: Server; sockets: Socket[]; port: number }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  return { server, sockets, port: (server.address() as AddressInfo).port };
}

async function connected(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  return socket;
}

async function received(socket: Socket, bytes: number): Promise<string> {
  let text = '';
  while (text.length < bytes) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    text += chunk.toString();
  }
  return text;
}

async function errorCode(socket: Socket): Promise<string | undefined> {
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  return error.code;
}

describe('the TCP proxy', () => {
  let echo: Awaited<ReturnType<typeof startEcho>>;
  let proxy: TcpProxy;
  let client: Socket;

  beforeEach(async () => {
    echo = await startEcho();
    proxy = await TcpProxy.start({ target: { host: '127.0.0.1', port: echo.port } });
    client = await connected(proxy.port);
  });

  afterEach(async () => {
    client.destroy();
    await proxy.close();
    for (const socket of echo.sockets) socket.destroy();
    await new Promise((resolve) => echo.server.close(resolve));
  });

  it('passes bytes both ways, and the end of a connection', async () => {
    client.write('hello');
    assert.equal(await received(client, 5), 'hello');
    client.end();
    await once(client, 'close');
  });

  it('passes a payload that is larger than every buffer, unchanged', async () => {
    const payload = Buffer.alloc(16 * 1024 * 1024, 'a chunk that is no power of two. ');
    client.end(payload);
    const chunks: Buffer[] = [];
    client.on('data', (chunk) => chunks.push(chunk));
    await once(client, 'end');
    assert.ok(Buffer.concat(chunks).equals(payload));
  });

  it('refuses new connections while open ones live on, and accepts again on the same port after release', async () => {
    const { port } = proxy;
    await proxy.refuse();
    assert.equal(await errorCode(connect({ host: '127.0.0.1', port })), 'ECONNREFUSED');
    client.write('alive');
    assert.equal(await received(client, 5), 'alive');
    await proxy.release();
    const second = await connected(port);
    second.write('again');
    assert.equal(await received(second, 5), 'again');
    second.destroy();
  });

  it('resets open connections on both sides when it cuts', async () => {
    client.write('x');
    await received(client, 1);
    const atServer = errorCode(echo.sockets[0]!);
    const atClient = errorCode(client);
    proxy.cut();
    assert.deepEqual(await Promise.all([atClient, atServer]), ['ECONNRESET', 'ECONNRESET']);
  });

  it('forgets a connection that is cut while its end is under way', async () => {
    client.write('x');
    await received(client, 1);
    echo.sockets[0]!.end('bye');
    await received(client, 3);
    client.on('error', () => {});
    proxy.cut();
    await once(client, 'close');
    while (proxy.connections > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  it('is silent while it holds, even about an end, and passes everything in order after release', async () => {
    client.write('1');
    await received(client, 1);
    const heard: string[] = [];
    client.on('data', (chunk) => heard.push(chunk.toString()));
    client.once('end', () => heard.push('end'));

    proxy.hold();
    const late = await connected(proxy.port);
    late.write('late');
    echo.sockets[0]!.write('2');
    echo.sockets[0]!.end('3');
    // Two round trips past the proxy: by then the bytes above have reached it, and would have passed.
    const control = await connected(echo.port);
    for (const text of ['a', 'b']) {
      control.write(text);
      await received(control, 1);
    }
    control.destroy();
    assert.equal(heard.length, 0);

    await proxy.release();
    assert.equal(await received(late, 4), 'late');
    if (!heard.includes('end')) await once(client, 'end');
    assert.equal(heard.join(''), '23end');
    late.destroy();
  });

  it('delays each way', async () => {
    proxy.delay(40);
    const sentAtMs = performance.now();
    client.write('there');
    client.write('and back');
    assert.equal(await received(client, 13), 'thereand back');
    assert.ok(performance.now() - sentAtMs >= 80);
  });

  it('resets a client when the target is not there', async () => {
    await new Promise<void>((resolve) => {
      echo.server.close(() => resolve());
      for (const socket of echo.sockets) socket.destroy();
      client.destroy();
    });
    const orphan = connect({ host: '127.0.0.1', port: proxy.port });
    assert.equal(await errorCode(orphan), 'ECONNRESET');
    await startEcho().then((fresh) => (echo = fresh));
  });
});
