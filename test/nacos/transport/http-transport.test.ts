/**
 * HTTP to Nacos servers that do not behave: what is an answer, what is tried again, and what a failure says.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { systemClock } from '../../../operator/clock.ts';
import { HttpTransport } from '../../../operator/nacos/transport/http-transport.ts';
import { parseServerAddresses } from '../../../operator/nacos/transport/server-address.ts';
import type { ServerAddress } from '../../../operator/nacos/transport/server-address.ts';

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('HTTP requests to Nacos', () => {
  let listener: Server;
  let transport: HttpTransport;
  let server: ServerAddress;
  let received: string[];
  let answer: (socket: Socket, count: number) => void;

  beforeEach(async () => {
    received = [];
    listener = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (data) => {
        received.push(String(data));
        answer(socket, received.length);
      });
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as AddressInfo;
    [server] = parseServerAddresses(`127.0.0.1:${port}`) as [ServerAddress];
    transport = new HttpTransport({ servers: [server], preferred: () => server, timeoutMs: 5_000, clock: systemClock });
  });

  afterEach(async () => {
    transport.close();
    await new Promise((resolve) => listener.close(resolve));
  });

  it('sends queries, forms and headers below the context path', async () => {
    answer = (socket) => socket.write(ok);
    const headers = { accessToken: 'token' };
    const answered = await transport.send({ method: 'GET', path: '/v1/a', query: { name: 'a b:c' }, headers });
    assert.deepEqual([answered.status, answered.text], [200, 'ok']);
    await transport.send({ method: 'POST', path: '/v1/login', form: { password: 'p&w' } });
    assert.match(
      received[0] ?? '',
      /^GET \/nacos\/v1\/a\?name=a\+b(?::|%3A)c HTTP\/1\.1\r\n(?:.*\r\n)*accessToken: token\r\n/,
    );
    assert.match(
      received[1] ?? '',
      /content-type: application\/x-www-form-urlencoded\r\n(?:.*\r\n)*\r\npassword=p%26w$/,
    );
  });

  it('asks once more when a kept connection was closed', async () => {
    answer = (socket, count) => void (count === 2 ? socket.destroy() : socket.write(ok));
    for (const path of ['/first', '/second']) assert.equal((await transport.send({ method: 'GET', path })).text, 'ok');
    assert.equal(received.length, 3);
  });

  it('asks no third time', async () => {
    answer = (socket) => void socket.destroy();
    await assert.rejects(transport.send({ method: 'GET', path: '/x' }), { code: 'NACOS_UNREACHABLE' });
    assert.equal(received.length, 2);
  });

  it('takes a status line that is none for an answer', async () => {
    answer = (socket) => void socket.end('HTTP/1.1 20004 nope\r\nContent-Length: 0\r\n\r\n');
    assert.equal((await transport.send({ method: 'GET', path: '/x' })).status, 0);
  });

  it('tells of a failure the server and its cause, and no token', async () => {
    answer = () => {};
    const closed = { ...server, port: 1 };
    await assert.rejects(
      transport.sendTo(closed, { method: 'GET', path: '/x', headers: { accessToken: 'secret' } }),
      ({ code, message }: { code?: string; message?: string }) =>
        code === 'NACOS_UNREACHABLE' && message === 'HTTP 127.0.0.1:1: ECONNREFUSED',
    );
  });
});
