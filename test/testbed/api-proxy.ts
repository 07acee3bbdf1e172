/**
 * An API server that fails for one resource and works for all others: it ends TLS with the certificate of the real one, passes
 * requests on, and answers those for the resource with 500. Watches of it that are open are cut when it begins to fail.
 */
import { readFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubernetesServer } from './kubernetes.ts';

export class ApiProxy {
  readonly #server: Server;
  readonly #target: URL;
  readonly #ca: Buffer;
  readonly #resource: string;

  private constructor(target: URL, ca: Buffer, key: Buffer, resource: string) {
    this.#target = target;
    this.#ca = ca;
    this.#resource = resource;
    this.#server = createServer({ cert: ca, key }, (incoming, outgoing) => this.#pass(incoming, outgoing));
  }

  /** `resource` is the plural, as it is in paths. */
  static async start(kubernetes: KubernetesServer, resource: string): Promise<ApiProxy> {
    // The API server has made both for itself.
    const key = await readFile(kubernetes.caFile.replace(/\.crt$/, '.key'));
    const proxy = new ApiProxy(new URL(kubernetes.server), await readFile(kubernetes.caFile), key, resource);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { headers, method, url = '' } = incoming;
    if (new URL(url, this.#target).pathname.split('/').includes(this.#resource)) {
      const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 500, reason: 'InternalError' };
      outgoing.writeHead(500, { 'Content-Type': 'application/json' });
      return void outgoing.end(JSON.stringify(status));
    }
    const { hostname: host, port } = this.#target;
    const passed = request({ host, port, path: url, method, headers, ca: this.#ca }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      outgoing.flushHeaders();
      answer.pipe(outgoing);
      answer.on('error', () => outgoing.destroy());
    });
    passed.on('error', () => outgoing.destroy());
    outgoing.on('close', () => passed.destroy());
    incoming.pipe(passed);
  }
}
