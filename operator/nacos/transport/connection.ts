/**
 * A registered connection to one server: handshake, requests, pushes, health check.
 *
 * Handshake: `ServerCheckRequest`, stream, `ConnectionSetupRequest`, then the server's `SetupAckRequest` where it negotiates
 * abilities (2.3 and newer), and a health check, again before 2.3 until it knows us. A server that starts (300) is left at
 * once, since another may serve. A connection that sends nothing for 20 s is put to the test by the server and dropped; we
 * ask for its health after 5 s of silence.
 *
 * Guarantees: every push is acknowledged before it is processed; no push and no listener can end the connection but by
 * what the protocol says (reset, code 301 or -401). `ended` settles once; a connection never comes back.
 */
import { type Clock, sleep } from '../../clock.ts';
import { BridgeError, isBridgeError } from '../../errors.ts';
import { errorFields, type Logger } from '../../logger.ts';
import { withDeadline } from './deadline.ts';
import { GrpcTransport } from './grpc-transport.ts';
import { isJsonObject, type JsonObject, numberOf, parseJsonObject, textOf } from './json-object.ts';
import type { Payload } from './payload.ts';
import { bridgeErrorOf, errorOfAnswer, type FailedAnswer, serverCodes } from './response-errors.ts';
import { grpcTarget, hostAndPort, type ServerAddress } from './server-address.ts';

interface ConnectionOptions {
  readonly server: ServerAddress;
  /** Free text for the server's metrics, such as `My-Client:v1.0.0`. */
  readonly clientName: string;
  readonly appName: string;
  /** The server serves naming requests on connections of module `naming` only. */
  readonly module: 'config' | 'naming';
  readonly clock: Clock;
  readonly log: Logger;
  readonly onPush: (push: Push, connection: Connection) => void;
  /** The server asks us to go elsewhere, maybe naming where. */
  readonly onReset: (hint: { host: string; port: number } | undefined) => void;
}

export interface Push {
  readonly type: string;
  readonly body: JsonObject;
}

/** An answer in the words of the protocol; failed or not. */
export interface Answer extends FailedAnswer {
  readonly body: JsonObject;
}

const stepTimeoutMs = 3_000;
const setupAckTimeoutMs = 5_000;
const registrationPollMs = 100;
const idleBeforeHealthCheckMs = 5_000;
const healthCheckTries = 3;

/** What a server may push, and what it wants to hear. Everything else is logged and left unanswered, as Java does. */
const acknowledgements: Readonly<Record<string, string | undefined>> = {
  ClientDetectionRequest: 'ClientDetectionResponse',
  ConnectResetRequest: 'ConnectResetResponse',
  ConfigChangeNotifyRequest: 'ConfigChangeNotifyResponse',
  ConfigFuzzyWatchChangeNotifyRequest: 'ConfigFuzzyWatchChangeNotifyResponse',
  ConfigFuzzyWatchSyncRequest: 'ConfigFuzzyWatchSyncResponse',
  NotifySubscriberRequest: 'NotifySubscriberResponse',
  ClientConfigMetricRequest: 'ClientConfigMetricResponse',
};

export class Connection {
  readonly server: ServerAddress;
  readonly #options: ConnectionOptions;
  readonly #transport: GrpcTransport;
  readonly #abilities = Promise.withResolvers<JsonObject>();
  readonly #ending = new AbortController();
  #knownAbilities: JsonObject = {};
  #id = '';
  #lastReceivedMs: number;

  private constructor(options: ConnectionOptions) {
    this.#options = options;
    this.server = options.server;
    this.#transport = new GrpcTransport(grpcTarget(options.server));
    this.#lastReceivedMs = options.clock.monotonic();
    void this.#transport.ended.then((error) => this.#ending.abort(error));
  }

  /** @throws BridgeError when the handshake fails; nothing is left open then. */
  static async open(options: ConnectionOptions, signal: AbortSignal): Promise<Connection> {
    const connection = new Connection(options);
    try {
      await connection.#handshake(signal);
    } catch (error) {
      connection.end(new BridgeError('ABORTED', 'the handshake failed'));
      throw error;
    }
    void connection.#keepHealthy();
    return connection;
  }

  get isOpen(): boolean {
    return this.#transport.isOpen;
  }

  /** Settles with the cause when the connection is gone. */
  get ended(): Promise<BridgeError> {
    return this.#transport.ended;
  }

  /** Whether the server announced an ability, such as `supportPersistentInstanceByGrpc`. */
  can(ability: string): boolean {
    return this.#knownAbilities[ability] === true;
  }

  end(error: BridgeError): void {
    this.#transport.end(error);
  }

  /**
   * Sends one request. A failure that Nacos answers is an answer here, too.
   *
   * @throws BridgeError when no answer comes; the server may have carried out the request all the same.
   */
  async request(type: string, body: JsonObject, headers: Record<string, string>, signal: AbortSignal): Promise<Answer> {
    const payload = { type, clientIp: '', headers, body: JSON.stringify(body) };
    const answer = parseAnswer(await this.#transport.call(payload, signal));
    this.#lastReceivedMs = this.#options.clock.monotonic();
    if (answer.type === 'ErrorResponse' && isForgotten(answer)) {
      this.end(new BridgeError('NACOS_UNREACHABLE', `${hostAndPort(this.server)} no longer knows this connection`));
    }
    return answer;
  }

  async #handshake(signal: AbortSignal): Promise<void> {
    const check = await this.#checkServer(signal);
    // '<milliseconds>_<address>_<port>', as the server sees us.
    this.#id = textOf(check['connectionId']);
    const clientIp = /^\d+_(.+)_\d+$/.exec(this.#id)?.[1] ?? '';
    const { clientName, appName, module } = this.#options;
    const setup = {
      clientVersion: clientName,
      tenant: '',
      labels: { source: 'sdk', module, AppName: appName },
      // Present even though empty: the server acknowledges only a setup that has it.
      abilityTable: {},
    };
    this.#transport.openStream((payload) => this.#receive(payload));
    this.#transport.send({ type: 'ConnectionSetupRequest', clientIp, headers: {}, body: JSON.stringify(setup) });
    if (check['supportAbilityNegotiation'] === true) return this.#awaitAbilities(signal);
    await this.#awaitRegistration(signal);
  }

  async #checkServer(signal: AbortSignal): Promise<JsonObject> {
    const answer = await this.#step('ServerCheckRequest', signal);
    if (answer.resultCode === 200) return answer.body;
    throw errorOfAnswer(answer, this.#what);
  }

  async #awaitAbilities(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const late = `${hostAndPort(this.server)} did not acknowledge the connection within ${setupAckTimeoutMs} ms`;
    this.#knownAbilities = await withDeadline(clock, setupAckTimeoutMs, late, signal, () =>
      Promise.race([this.#abilities.promise, this.ended.then((error) => Promise.reject(this.#notTaken(error)))]),
    );
    const answer = await this.#step('HealthCheckRequest', signal, { mayBeUnregistered: true });
    if (answer.errorCode === serverCodes.unregistered) throw this.#unknownAfterAll();
    if (answer.resultCode !== 200) throw errorOfAnswer(answer, this.#what);
  }

  /** Servers before 2.3 do not say when they have read the setup; they answer 301 until then. */
  async #awaitRegistration(signal: AbortSignal): Promise<void> {
    const startedMs = this.#options.clock.monotonic();
    for (;;) {
      const answer = await this.#step('HealthCheckRequest', signal, { mayBeUnregistered: true });
      if (answer.resultCode === 200) return;
      if (this.#options.clock.monotonic() - startedMs > stepTimeoutMs) {
        throw answer.errorCode === serverCodes.unregistered
          ? this.#unknownAfterAll()
          : errorOfAnswer(answer, this.#what);
      }
      await sleep(this.#options.clock, registrationPollMs, signal);
    }
  }

  get #what(): string {
    return `handshake with ${hostAndPort(this.server)}`;
  }

  /** The server has answered its check, and closes on the setup: so it does at its limit (control plugins, 2.0 to 3.1). */
  #notTaken(cause: BridgeError): BridgeError {
    if (!isBridgeError(cause, 'NACOS_UNREACHABLE')) return cause;
    const words = `${this.#what}: the server answers and closes the connection at once, as it does at its connection limit`;
    return new BridgeError('NACOS_OVERLOADED', `${words} (${cause.message})`, { cause });
  }

  /** It was set up on one TCP connection, and the health check has come by another. */
  #unknownAfterAll(): BridgeError {
    return new BridgeError(
      'NACOS_FAILED',
      `${this.#what}: the server does not know the connection that was just set up (301): a proxy or load balancer in ` +
        'between spreads the requests of one connection; let the gRPC port pass as plain TCP',
    );
  }

  #step(type: string, signal: AbortSignal, { mayBeUnregistered = false } = {}): Promise<Answer> {
    const late = `${hostAndPort(this.server)} did not answer ${type} on its gRPC port within ${stepTimeoutMs} ms`;
    return withDeadline(this.#options.clock, stepTimeoutMs, late, signal, async (within) => {
      if (!mayBeUnregistered) return this.request(type, {}, {}, within);
      return parseAnswer(await this.#transport.call({ type, clientIp: '', headers: {}, body: '{}' }, within));
    });
  }

  async #keepHealthy(): Promise<void> {
    const { clock } = this.#options;
    try {
      while (this.isOpen) {
        const silentMs = clock.monotonic() - this.#lastReceivedMs;
        if (silentMs < idleBeforeHealthCheckMs)
          await sleep(clock, idleBeforeHealthCheckMs - silentMs, this.#ending.signal);
        else await this.#checkHealth();
      }
    } catch (error) {
      this.end(bridgeErrorOf(error));
    }
  }

  async #checkHealth(): Promise<void> {
    for (let left = healthCheckTries - 1; ; left -= 1) {
      try {
        await this.#step('HealthCheckRequest', this.#ending.signal);
        return;
      } catch (error) {
        if (left === 0 || !isBridgeError(error, 'TIMEOUT')) throw error;
      }
    }
  }

  #receive(payload: Payload): void {
    this.#lastReceivedMs = this.#options.clock.monotonic();
    try {
      const body = parseJsonObject(payload.body, `the ${payload.type} of ${hostAndPort(this.server)}`);
      const sent = this.#acknowledge(payload.type, body);
      this.#process(payload.type, body, sent);
    } catch (error) {
      this.#options.log.error('a push could not be processed', { type: payload.type, ...errorFields(error) });
    }
  }

  /** Resolves when the acknowledgement is on its way, if there is one to give. */
  async #acknowledge(type: string, push: JsonObject): Promise<void> {
    const answerType = acknowledgements[type];
    if (answerType === undefined) return;
    const extra = type === 'ClientConfigMetricRequest' ? { metrics: {} } : {};
    const body = { resultCode: 200, errorCode: 0, success: true, requestId: textOf(push['requestId']), ...extra };
    const answer = { type: answerType, clientIp: '', headers: {}, body: JSON.stringify(body) };
    await new Promise<void>((resolve) => this.#transport.send(answer, resolve));
  }

  #process(type: string, body: JsonObject, acknowledged: Promise<void>): void {
    if (type === 'SetupAckRequest') {
      const table = body['abilityTable'];
      this.#abilities.resolve(isJsonObject(table) ? table : {});
    } else if (type === 'ConnectResetRequest') {
      // Ended sooner, the connection would take the acknowledgement with it.
      void acknowledged.then(() => this.#reset(body));
    } else if (acknowledgements[type] === undefined) {
      this.#options.log.warn('the server pushed something unknown', { type, fields: Object.keys(body) });
    }
    this.#options.onPush({ type, body }, this);
  }

  #reset(body: JsonObject): void {
    const meant = textOf(body['connectionId']);
    if (meant !== '' && meant !== this.#id) return;
    const host = textOf(body['serverIp']);
    this.#options.onReset(host === '' ? undefined : { host, port: numberOf(body['serverPort']) });
  }
}

/** -401 is the same as 301, found later: the connection is registered and has no naming client (any more). */
function isForgotten({ errorCode }: Answer): boolean {
  return errorCode === serverCodes.unregistered || errorCode === serverCodes.clientDisconnected;
}

function parseAnswer(payload: Payload): Answer {
  const body = parseJsonObject(payload.body, `the ${payload.type} of Nacos`);
  return {
    type: payload.type,
    resultCode: numberOf(body['resultCode']),
    errorCode: numberOf(body['errorCode']),
    message: textOf(body['message']),
    body,
  };
}
