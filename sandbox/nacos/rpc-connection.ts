/**
 * One registered client: its stream, the requests of the server that wait for its acknowledgement, and the test whether
 * it is still there.
 *
 * A client that sends nothing for 20 s is asked by a `ClientDetectionRequest`, and given up when it does not answer
 * within 5 s. Whatever it sends counts as a sign of life, also its acknowledgements.
 *
 * Guarantees: `ended` is told once; every request settles; after the end nothing is sent and no timer runs.
 */
import type { Clock, Timer } from '../../operator/clock.ts';
import { messageOf } from '../../operator/errors.ts';
import type { FaultScript } from '../fault-script.ts';
import type { Payload } from '../../operator/nacos/index.ts';
import type { Json, RpcConnection } from './rpc.ts';

/** The server's side of the bidirectional stream. */
interface ClientStream {
  write(payload: Payload): void;
  /** Completes it, as a server does that has nothing more to say. */
  end(): void;
}

export interface ServedConnectionOptions {
  readonly id: string;
  readonly clientIp: string;
  readonly module: string | undefined;
  readonly stream: ClientStream;
  readonly clock: Clock;
  readonly faults: FaultScript;
  /** One that no other request of the server has. */
  readonly nextRequestId: () => string;
  /** Cuts the TCP connection. */
  readonly cut: () => void;
  /** It is no longer registered; the TCP connection may go on. */
  readonly ended: (connection: ServedConnection) => void;
}

interface Waiting {
  readonly resolve: (answer: Json) => void;
  readonly reject: (error: Error) => void;
  readonly timer: Timer;
}

const idleBeforeDetectionMs = 20_000;
/** Configs wait 3 s for an acknowledgement (`nacos.config.push.timeout`), instances and the test for silence 5 s. */
const ackTimeoutMs = (type: string): number => (type.startsWith('Con') ? 3_000 : 5_000);

export class ServedConnection implements RpcConnection {
  readonly id: string;
  readonly clientIp: string;
  readonly module: string | undefined;
  readonly #options: ServedConnectionOptions;
  readonly #waiting = new Map<string, Waiting>();
  #lastActiveMs: number;
  #detection: Timer | undefined;
  #isEnded = false;

  constructor(options: ServedConnectionOptions) {
    this.id = options.id;
    this.clientIp = options.clientIp;
    this.module = options.module;
    this.#options = options;
    this.#lastActiveMs = options.clock.monotonic();
    this.#awaitSilence(idleBeforeDetectionMs);
  }

  /** The client sent something. */
  touch(): void {
    this.#lastActiveMs = this.#options.clock.monotonic();
  }

  /** An answer on the stream; what nobody waits for (any more) is ignored. */
  acknowledged(body: Json): void {
    const requestId = body['requestId'];
    if (typeof requestId !== 'string') return;
    const waiting = this.#waiting.get(requestId);
    this.#waiting.delete(requestId);
    waiting?.timer.cancel();
    waiting?.resolve(body);
  }

  /** Sends without waiting for an answer. */
  notify(type: string, body: Json): void {
    if (this.#isEnded) return;
    const text = JSON.stringify({ headers: {}, ...body });
    this.#options.stream.write({ type, clientIp: '', headers: {}, body: text });
  }

  request(type: string, body: Json): Promise<Json> {
    const { clock, cut, faults } = this.#options;
    if (this.#isEnded) return Promise.reject(new Error(`the connection ${this.id} has ended`));
    const requestId = this.#options.nextRequestId();
    const timeoutMs = ackTimeoutMs(type);
    return new Promise((resolve, reject) => {
      const late = () => {
        this.#waiting.delete(requestId);
        reject(new Error(`${this.id} did not acknowledge ${type} within ${timeoutMs} ms`));
      };
      this.#waiting.set(requestId, { resolve, reject, timer: clock.after(timeoutMs, late) });
      const send = () => this.notify(type, { requestId, ...body });
      const fault = faults.strike(type);
      if (!fault || fault.kind === 'stale') return send();
      if (fault.kind === 'slow') clock.after(fault.delayMs, send);
      if (fault.kind === 'lost-answer') send();
      // Silence and a status make a push that never arrives.
      if (fault.kind === 'reset' || fault.kind === 'half-answer' || fault.kind === 'lost-answer') cut();
    });
  }

  /** Forgets the client and completes its stream, which leaves the TCP connection as it is. Idempotent. */
  end(reason: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#detection?.cancel();
    this.#options.stream.end();
    for (const { reject, timer } of this.#waiting.values()) {
      timer.cancel();
      reject(new Error(`the connection ${this.id} ended: ${reason}`));
    }
    this.#waiting.clear();
    this.#options.ended(this);
  }

  get #idleMs(): number {
    return this.#options.clock.monotonic() - this.#lastActiveMs;
  }

  #awaitSilence(delayMs: number): void {
    if (this.#isEnded) return;
    this.#detection = this.#options.clock.after(delayMs, () => {
      const leftMs = idleBeforeDetectionMs - this.#idleMs;
      if (leftMs > 0) return this.#awaitSilence(leftMs);
      this.request('ClientDetectionRequest', { module: 'internal' }).then(
        () => this.#awaitSilence(idleBeforeDetectionMs),
        // Another message counts as well as the answer does.
        (error: unknown) => {
          if (this.#idleMs < idleBeforeDetectionMs) this.#awaitSilence(idleBeforeDetectionMs - this.#idleMs);
          else this.end(messageOf(error));
        },
      );
    });
  }
}
