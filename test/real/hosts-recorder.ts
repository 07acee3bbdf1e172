/**
 * What clients see of a service over a time: every push that the official SDK is told, and a query by HTTP four times a
 * second or more. For tests that must not miss a moment.
 */
import { NacosSdk } from '../testbed/nacos-sdk.ts';
import type { RealWorld } from './world.ts';

export interface Sight {
  /** On the monotonic clock of this process. */
  readonly atMs: number;
  /** `IP:PORT`, sorted. */
  readonly hosts: readonly string[];
}

export class HostsRecorder {
  readonly #world: RealWorld;
  readonly #group: string;
  readonly #service: string;
  readonly #sdk: NacosSdk;
  readonly #answers: Sight[] = [];
  readonly #timer: NodeJS.Timeout;

  private constructor(world: RealWorld, group: string, service: string, sdk: NacosSdk, intervalMs: number) {
    this.#world = world;
    this.#group = group;
    this.#service = service;
    this.#sdk = sdk;
    this.#timer = setInterval(() => void this.#ask(), intervalMs);
  }

  static async start(world: RealWorld, group: string, service: string, intervalMs = 250): Promise<HostsRecorder> {
    const sdk = await NacosSdk.start(world.nacos);
    await sdk.subscribe(group, service);
    return new HostsRecorder(world, group, service, sdk, intervalMs);
  }

  /** Answers to queries since a time, oldest first; a query that failed is none. */
  answersSince(ms: number): readonly Sight[] {
    return this.#answers.filter(({ atMs }) => atMs >= ms);
  }

  /** Pushes since a time, oldest first. */
  pushesSince(ms: number): readonly Sight[] {
    return this.#sdk.hostsPushes
      .map(({ toldAtMs, hosts }) => ({ atMs: toldAtMs, hosts: hosts.map(({ ip, port }) => `${ip}:${port}`).sort() }))
      .filter(({ atMs }) => atMs >= ms);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sdk.stop();
  }

  async #ask(): Promise<void> {
    const found = await this.#world.nacos.admin.naming.offered('', this.#group, this.#service).catch(() => undefined);
    if (!found) return;
    this.#answers.push({ atMs: performance.now(), hosts: found.map(({ ip, port }) => `${ip}:${port}`).sort() });
  }
}
