/**
 * An official SDK of Nacos as an observer: a process of its own (parts/nacos-sdk in Go, parts/nacos-python in Python) that
 * publishes, reads and listens, registers and subscribes as an application would. What it sees is the judge of what the
 * operator did.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { NacosInstance } from './nacos-naming-admin.ts';
import { binary } from './parts.ts';
import { ServerProcess } from './process.ts';

export interface NacosSdkOptions {
  readonly host: string;
  /** The HTTP port; the SDK finds gRPC at +1000. */
  readonly port: number;
  /** @default the public namespace */
  readonly namespaceId?: string;
  readonly username: string;
  readonly password: string;
}

/** A push to a listener, with the time at which this process read it (monotonic, milliseconds). */
export interface ConfigPush {
  readonly group: string;
  readonly dataId: string;
  readonly content: string;
  readonly receivedAtMs: number;
}

/** A list of instances that a subscriber was told of, with the time at which the SDK told it. */
export interface HostsPush {
  readonly group: string;
  readonly service: string;
  readonly hosts: readonly NacosInstance[];
  /** Of this process's monotonic clock, in milliseconds, and before the time at which this process read it. */
  readonly toldAtMs: number;
}

/** What an application says of an instance that it registers; the rest is as an SDK fills it in. */
export interface SdkInstance {
  readonly ip: string;
  readonly port: number;
  /** @default 1 */
  readonly weight?: number;
  readonly unhealthy?: boolean;
  readonly disabled?: boolean;
  /** @default DEFAULT */
  readonly clusterName?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Bound to no connection: it stays until it is deregistered. */
  readonly persistent?: boolean;
}

/** The program of an SDK: reads commands, writes answers and pushes, one JSON object a line. */
export interface SdkProgram {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

interface Answer {
  readonly id: number;
  readonly ok?: boolean;
  readonly content?: string;
  readonly hosts?: readonly NacosInstance[];
  readonly services?: readonly string[];
  readonly count?: number;
  readonly error?: string;
}
type HostsEvent = { readonly event: 'hosts'; readonly ns: number } & Omit<HostsPush, 'toldAtMs'>;
type ConfigEvent = { readonly event: 'config' } & Omit<ConfigPush, 'receivedAtMs'>;

export class NacosSdk {
  /** Every push so far, oldest first. */
  readonly pushes: ConfigPush[] = [];
  /** Every list of instances so far, oldest first. */
  readonly hostsPushes: HostsPush[] = [];
  readonly #process: ServerProcess;
  readonly #dir: string;
  readonly #pending = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  readonly #waiting = new Set<() => void>();
  #lastId = 0;

  private constructor(process: ServerProcess, dir: string) {
    this.#process = process;
    this.#dir = dir;
    createInterface(process.output).on('line', (line) =>
      this.#receive(JSON.parse(line) as Answer | ConfigEvent | HostsEvent),
    );
    void process.exited.then(async () => {
      const error = new Error(await process.describeDeath());
      for (const waiting of this.#pending.values()) waiting.reject(error);
      this.#pending.clear();
    });
  }

  /** @param program the Go SDK unless told */
  static async start(options: NacosSdkOptions, program: SdkProgram = goProgram()): Promise<NacosSdk> {
    const dir = await mkdtemp(join(tmpdir(), 'nacos-bridge-sdk-'));
    const process = new ServerProcess({
      name: program.name,
      command: program.command,
      args: [
        ...program.args,
        `--host=${options.host}`,
        `--port=${options.port}`,
        `--namespace=${options.namespaceId ?? ''}`,
        `--username=${options.username}`,
        `--dir=${dir}`,
      ],
      env: { NACOS_PASSWORD: options.password },
      logFile: join(dir, `${program.name}.log`),
      piped: true,
    });
    return new NacosSdk(process, dir);
  }

  async publish(group: string, dataId: string, content: string): Promise<void> {
    await this.#send({ op: 'publish', group, dataId, content });
  }

  /** Publishes only if the server still holds content of this MD5. */
  async casPublish(group: string, dataId: string, content: string, casMd5: string): Promise<void> {
    await this.#send({ op: 'publish', group, dataId, content, casMd5 });
  }

  /** Undefined when the config does not exist; the SDK says '' then, which no config can contain. */
  async get(group: string, dataId: string): Promise<string | undefined> {
    return (await this.#send({ op: 'get', group, dataId })).content || undefined;
  }

  async remove(group: string, dataId: string): Promise<void> {
    await this.#send({ op: 'remove', group, dataId });
  }

  /** Pushes of the config are seen in `pushes` and by `push` from now on, the present content first. */
  async listen(group: string, dataId: string): Promise<void> {
    await this.#send({ op: 'listen', group, dataId });
  }

  async unlisten(group: string, dataId: string): Promise<void> {
    await this.#send({ op: 'unlisten', group, dataId });
  }

  /** Registers an ephemeral instance of this client's own; the SDK keeps it over reconnects. One for each service. */
  async register(group: string, service: string, ip: string, port: number): Promise<void> {
    await this.registerInstance(group, service, { ip, port });
  }

  async registerInstance(group: string, service: string, instance: SdkInstance): Promise<void> {
    await this.#send({ op: 'register', group, service, ...instance });
  }

  /** Replaces what this client has registered in the service. */
  async registerBatch(group: string, service: string, instances: readonly SdkInstance[]): Promise<void> {
    await this.#send({ op: 'batch', group, service, instances });
  }

  async deregister(group: string, service: string, ip: string, port: number): Promise<void> {
    await this.deregisterInstance(group, service, { ip, port });
  }

  async deregisterInstance(group: string, service: string, instance: SdkInstance): Promise<void> {
    await this.#send({ op: 'deregister', group, service, ...instance });
  }

  /** Changes of the service are seen in `hostsPushes` and by `hosts` from now on, the present list first. */
  async subscribe(group: string, service: string): Promise<void> {
    await this.#send({ op: 'subscribe', group, service });
  }

  async unsubscribe(group: string, service: string): Promise<void> {
    await this.#send({ op: 'unsubscribe', group, service });
  }

  /** What the SDK answers an application that asks for all instances; both SDKs subscribe on the way. */
  async instances(group: string, service: string): Promise<readonly NacosInstance[]> {
    return (await this.#send({ op: 'instances', group, service })).hosts ?? [];
  }

  async services(
    group: string,
    pageNo: number,
    pageSize: number,
  ): Promise<{ readonly names: readonly string[]; readonly count: number }> {
    const { services = [], count = 0 } = await this.#send({ op: 'services', group, pageNo, pageSize });
    return { names: services, count };
  }

  /**
   * The first push of a config that fits, of those so far or yet to come.
   *
   * @throws Error when none came within the time
   */
  async push(fits: (push: ConfigPush) => boolean, timeoutMs?: number): Promise<ConfigPush> {
    return this.#first(this.pushes, fits, timeoutMs);
  }

  /** The same for lists of instances. */
  async hosts(fits: (push: HostsPush) => boolean, timeoutMs?: number): Promise<HostsPush> {
    return this.#first(this.hostsPushes, fits, timeoutMs);
  }

  async #first<Push>(pushes: readonly Push[], fits: (push: Push) => boolean, timeoutMs = 10_000): Promise<Push> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pushes.find(fits);
        if (!found) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(found);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`the SDK saw no such push within ${timeoutMs} ms; it saw ${pushes.length} pushes`));
      }, timeoutMs);
      this.#waiting.add(look);
      look();
    });
  }

  async stop(): Promise<void> {
    await this.#process.end();
    await rm(this.#dir, { recursive: true, force: true });
  }

  async #send(command: Readonly<Record<string, unknown>>): Promise<Answer> {
    if (!this.#process.isRunning) throw new Error(await this.#process.describeDeath());
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#process.input.write(`${JSON.stringify({ id, ...command })}\n`);
    });
    if (answer.error !== undefined)
      throw new Error(`${String(command['op'])} ${String(command['dataId'] ?? command['service'])}: ${answer.error}`);
    return answer;
  }

  #receive(message: Answer | ConfigEvent | HostsEvent): void {
    if (!('event' in message)) {
      this.#pending.get(message.id)?.resolve(message);
      this.#pending.delete(message.id);
      return;
    }
    if (message.event === 'config') {
      const { group, dataId, content } = message;
      this.pushes.push({ group, dataId, content, receivedAtMs: performance.now() });
    } else {
      const { group, service, hosts, ns } = message;
      this.hostsPushes.push({ group, service, hosts, toldAtMs: ns / 1e6 - performance.timeOrigin });
    }
    for (const look of this.#waiting) look();
  }
}

function goProgram(): SdkProgram {
  return { name: 'nacos-sdk', command: binary('nacos-sdk'), args: [] };
}
