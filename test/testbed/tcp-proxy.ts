/**
 * A TCP proxy on loopback that misbehaves on request: between a client and a real server it plays the networks that
 * operators meet.
 *
 *   refuse()   new connections are refused (nothing listens); open ones live on
 *   cut()      open connections are reset on both sides
 *   hold()     silence: connections stay or are accepted, but no byte, end or reset passes either way
 *   release()  undoes refuse and hold; what was held passes now, in order
 *   delay(ms)  what is received from now on passes that much later, each way
 *   target     where connections go that come from now on
 *
 * Guarantee: bytes are never lost, reordered or changed by hold, release and delay; only cut and close lose some.
 */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

export interface TcpProxyOptions {
  readonly target: { readonly host: string; readonly port: number };
  /** @default a free port */
  readonly listenPort?: number;
}

type Passage = { readonly dueMs: number; readonly act: () => void };

export class TcpProxy {
  target: TcpProxyOptions['target'];
  readonly #lanes = new Set<Lane>();
  #server: Server | undefined;
  #port: number;
  #held = false;
  #delayMs = 0;

  private constructor(options: TcpProxyOptions) {
    this.target = options.target;
    this.#port = options.listenPort ?? 0;
  }

  static async start(options: TcpProxyOptions): Promise<TcpProxy> {
    const proxy = new TcpProxy(options);
    await proxy.#listen();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** Pairs of open connections. */
  get connections(): number {
    return this.#lanes.size / 2;
  }

  async refuse(): Promise<void> {
    // The callback of close waits for open connections, which live on here; the listening socket goes at once.
    this.#server?.close();
    this.#server = undefined;
  }

  cut(): void {
    for (const lane of this.#lanes) lane.reset();
  }

  hold(): void {
    this.#held = true;
  }

  async release(): Promise<void> {
    this.#held = false;
    for (const lane of this.#lanes) lane.pump();
    if (!this.#server) await this.#listen();
  }

  delay(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  /** Refuses and cuts for good. */
  async close(): Promise<void> {
    await this.refuse();
    this.cut();
  }

  async #listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: '127.0.0.1', port: this.#port, exclusive: true }, resolve);
    });
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  #accept(client: Socket): void {
    const upstream = connect({ host: this.target.host, port: this.target.port, allowHalfOpen: true, noDelay: true });
    const state = { isHeld: () => this.#held, delayMs: () => this.#delayMs };
    const lanes = [new Lane(client, upstream, state), new Lane(upstream, client, state)];
    for (const lane of lanes) this.#lanes.add(lane);
    const forget = (): void => {
      if (client.destroyed && upstream.destroyed) for (const lane of lanes) this.#lanes.delete(lane);
    };
    client.once('close', forget);
    upstream.once('close', forget);
  }
}

const queueLimitBytes = 4 * 1024 * 1024;

/** One direction of one connection: a queue of bytes, then an end or a reset, each passed on when due. */
class Lane {
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #state: { isHeld(): boolean; delayMs(): number };
  readonly #queue: Passage[] = [];
  #queuedBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: Socket, sink: Socket, state: { isHeld(): boolean; delayMs(): number }) {
    this.#source = source;
    this.#sink = sink;
    this.#state = state;
    source.on('data', (chunk) => this.#receive(chunk));
    source.on('end', () => this.#enqueue(() => sink.end()));
    // What arrives here is a reset or a refused upstream: the other side gets a reset in its turn.
    source.on('error', () => this.#enqueue(() => resetSocket(sink)));
    sink.on('drain', () => this.pump());
  }

  reset(): void {
    clearTimeout(this.#timer);
    this.#queue.length = 0;
    resetSocket(this.#source);
  }

  pump(): void {
    clearTimeout(this.#timer);
    while (!this.#state.isHeld() && !this.#sink.writableNeedDrain) {
      const next = this.#queue[0];
      if (!next) break;
      const waitMs = next.dueMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.pump(), Math.ceil(waitMs));
        break;
      }
      this.#queue.shift();
      next.act();
    }
    if (this.#queuedBytes < queueLimitBytes) this.#source.resume();
  }

  #receive(chunk: Buffer): void {
    this.#queuedBytes += chunk.length;
    if (this.#queuedBytes >= queueLimitBytes) this.#source.pause();
    this.#enqueue(() => {
      this.#queuedBytes -= chunk.length;
      this.#sink.write(chunk);
    });
  }

  #enqueue(act: () => void): void {
    this.#queue.push({ dueMs: performance.now() + this.#state.delayMs(), act });
    this.pump();
  }
}

/**
 * A socket whose own end is under way cannot be reset: Node's reset fails with EINVAL then and leaves the handle open for
 * good, which spins the event loop once the peer hangs up. It is closed instead.
 */
function resetSocket(socket: Socket): void {
  if (socket.writableEnded && !socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
}
