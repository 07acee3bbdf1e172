/**
 * Puts a network that misbehaves between clients and one Nacos server. Clients derive the gRPC port from the HTTP port
 * (+1000), so it takes two TCP proxies whose ports have that distance; they act as one.
 */
import type { NacosServer } from './nacos.ts';
import { freePortBlock } from './ports.ts';
import { TcpProxy } from './tcp-proxy.ts';

const grpcOffset = 1000;

export class NacosProxy {
  readonly host = '127.0.0.1';
  /** To be given to clients in place of the server's port. */
  readonly port: number;
  readonly http: TcpProxy;
  readonly grpc: TcpProxy;

  private constructor(port: number, http: TcpProxy, grpc: TcpProxy) {
    this.port = port;
    this.http = http;
    this.grpc = grpc;
  }

  static async start(nacos: Pick<NacosServer, 'host' | 'port' | 'grpcPort'>): Promise<NacosProxy> {
    const port = await freePortBlock([0, grpcOffset]);
    const http = await TcpProxy.start({ listenPort: port, target: nacos });
    const grpcTarget = { host: nacos.host, port: nacos.grpcPort };
    return new NacosProxy(port, http, await TcpProxy.start({ listenPort: port + grpcOffset, target: grpcTarget }));
  }

  async refuse(): Promise<void> {
    await Promise.all([this.http.refuse(), this.grpc.refuse()]);
  }

  cut(): void {
    this.http.cut();
    this.grpc.cut();
  }

  hold(): void {
    this.http.hold();
    this.grpc.hold();
  }

  async release(): Promise<void> {
    await Promise.all([this.http.release(), this.grpc.release()]);
  }

  delay(delayMs: number): void {
    this.http.delay(delayMs);
    this.grpc.delay(delayMs);
  }

  async close(): Promise<void> {
    await Promise.all([this.http.close(), this.grpc.close()]);
  }
}
