/**
 * One side of the figures, the operator or the bare client, with so many configs in one direction:
 *
 *   create    N resources are applied, until all statuses say that both sides are equal
 *   update    users change all contents, until all statuses say so again and a listener was told of each by Nacos
 *   latency   one change at a time: from the event to the status that says it is applied
 *
 * The watch and the listener of the benchmark are there on both sides: they cost the servers the same, and the bare client
 * lives on their events.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '../scenarios/backends.ts';
import { BareBridge } from './bare-bridge.ts';
import { md5Of } from './bare-nacos.ts';
import type { BareNacos } from './bare-nacos.ts';
import { contentOf, createNamespace, forEach, names } from './bench-world.ts';
import type { ConfigDirection, Users } from './config-direction.ts';
import { StatusWatch } from './status-watch.ts';

export interface RunOptions {
  readonly users: Users;
  /** Of the listener, which is the bare client, too. */
  readonly connect: () => Promise<BareNacos>;
  readonly side: 'operator' | 'bare';
  readonly direction: ConfigDirection;
  readonly namespace: string;
  readonly size: number;
  /** Of the latency. */
  readonly samples: number;
}

export interface RunFigures {
  readonly createPerSecond: number;
  readonly updatePerSecond: number;
  readonly latenciesMs: readonly number[];
}

const limitMs = 900_000;
const betweenSamplesMs = 50;

/** Creates the namespace; it stays, with the resources and what is in Nacos. */
export async function runConfigs(options: RunOptions): Promise<RunFigures> {
  const { namespace, users } = options;
  await createNamespace(users.kubernetes, namespace);
  const listener = await options.connect();
  const run = new ConfigRun(options, listener);
  try {
    const createPerSecond = await run.create();
    await run.listen();
    const updatePerSecond = await run.update();
    return { createPerSecond, updatePerSecond, latenciesMs: await run.latencies() };
  } finally {
    run.close();
    listener.close();
  }
}

class ConfigRun {
  readonly #options: RunOptions;
  readonly #listener: BareNacos;
  readonly #watch: StatusWatch;
  readonly #bare: BareBridge | undefined;
  readonly #objects = new Map<string, KubeObject>();
  #contents = new Map<string, string>();
  #unheard = new Set<string>();
  #allHeard = Promise.withResolvers<void>();
  #eventMs = 0;

  constructor(options: RunOptions, listener: BareNacos) {
    const { users, namespace, side } = options;
    this.#options = options;
    this.#listener = listener;
    this.#bare = side === 'bare' ? new BareBridge(users.kubernetes, listener) : undefined;
    this.#watch = new StatusWatch(users.kubernetes, namespace);
    this.#watch.onSpec = (object) => this.#declared(object);
  }

  async create(): Promise<number> {
    const { direction, namespace, size, users } = this.#options;
    this.#contents = contentsOf(names(size), 'first');
    await direction.prepare(users, this.#contents, namespace);
    return this.#rate(() =>
      forEach([...this.#contents], async ([name, content]) => {
        await users.kubernetes.apply(direction.declare(namespace, name, content));
      }),
    );
  }

  /** Lets the listener hear of all further changes. */
  async listen(): Promise<void> {
    const { namespace } = this.#options;
    const configs = [...this.#contents].map(([dataId, content]) => ({ dataId, group: namespace, content }));
    // Reads of a server lag behind its writes.
    await forEach(configs, (config) => this.#listener.settle(config, config.content));
    await this.#listener.listenAll(configs, ({ dataId }) => this.#pushed(dataId));
  }

  async update(): Promise<number> {
    this.#contents = contentsOf(this.#contents.keys(), 'second');
    this.#unheard = new Set(this.#contents.keys());
    this.#allHeard = Promise.withResolvers();
    return this.#rate(async () => {
      await forEach([...this.#contents], ([name, content]) => this.#change(name, content));
      await this.#allHeard.promise;
    });
  }

  async latencies(): Promise<number[]> {
    const { samples } = this.#options;
    const latencies: number[] = [];
    const all = [...this.#contents.keys()];
    for (let sample = 0; sample < samples; sample += 1) {
      const name = all[(sample * 7919) % all.length] ?? '';
      const content = contentOf(`${name} ${sample}`);
      const applied = this.#watch.equal(new Map([[name, md5Of(content)]]), limitMs);
      this.#eventMs = 0;
      await this.#change(name, content);
      await applied;
      latencies.push(performance.now() - this.#eventMs);
      // What the change before has set off is over, and the next one comes at any moment.
      await sleep(betweenSamplesMs * (2 + Math.random()));
    }
    return latencies;
  }

  close(): void {
    this.#watch.close();
  }

  /** Configs a second, until all of them are equal. */
  async #rate(work: () => Promise<void>): Promise<number> {
    const beganMs = performance.now();
    const md5s = new Map([...this.#contents].map(([name, content]) => [name, md5Of(content)]));
    await Promise.all([work(), this.#watch.equal(md5s, limitMs)]);
    return (this.#contents.size * 1000) / (performance.now() - beganMs);
  }

  #change(name: string, content: string): Promise<void> {
    const { direction, namespace, users } = this.#options;
    return direction.change(users, namespace, name, content);
  }

  #declared(object: KubeObject): void {
    const { direction } = this.#options;
    this.#objects.set(object.metadata.name, object);
    if (direction.event === 'spec') this.#eventMs ||= performance.now();
    this.#bare?.enqueue(() => direction.bridge(this.#bare!, object));
  }

  #pushed(name: string): void {
    const { direction } = this.#options;
    this.#unheard.delete(name);
    if (this.#unheard.size === 0) this.#allHeard.resolve();
    const object = this.#objects.get(name);
    if (direction.event !== 'push' || object === undefined) return;
    this.#eventMs ||= performance.now();
    this.#bare?.enqueue(() => direction.bridge(this.#bare!, object));
  }
}

function contentsOf(keys: Iterable<string>, mark: string): Map<string, string> {
  return new Map([...keys].map((name) => [name, contentOf(`${name} ${mark}`)]));
}
