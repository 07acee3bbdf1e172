/**
 * Whatever happens in whatever order, the server ends up with what was wanted last, and with nothing else.
 */
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import type { Clock } from '../../../operator/clock.ts';
import type { NamingClient } from '../../../operator/nacos/naming/naming-client.ts';
import type { Instance } from '../../../operator/nacos/naming/naming-types.ts';
import { clientFor, nacosServer, type ObservedNacos, stopAll } from '../client-for.ts';
import { instances, observerOf, service } from './naming-samples.ts';
import { until } from '../until.ts';

/** A second between attempts passes in 50 ms. */
const speed = 20;
const hurriedClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now() * speed,
  after(delayMs, callback) {
    const timeout = setTimeout(callback, delayMs / speed);
    timeout.unref();
    return { cancel: () => clearTimeout(timeout) };
  },
};

/** So small that services move between connections. */
const maxInstancesPerConnection = 5;
const names = ['a', 'b', 'c', 'd'];
/** Registrations and their ends. */
const write = '*InstanceRequest';
const limitMs = 8_000;

type Step =
  | { readonly kind: 'publish'; readonly name: string; readonly size: number; readonly net: number }
  | { readonly kind: 'withdraw'; readonly name: string }
  | { readonly kind: 'refuse-one'; readonly code: number }
  | { readonly kind: 'reset-at-one' | 'lose-one-answer' | 'shed' | 'restart' }
  | { readonly kind: 'silence' | 'lose-answers' | 'speak' | 'settle' }
  | { readonly kind: 'wait'; readonly waitMs: number };

const name = fc.constantFrom(...names);
const publish = fc.record({
  kind: fc.constant('publish' as const),
  name,
  size: fc.integer({ min: 0, max: 7 }),
  net: fc.integer({ min: 0, max: 3 }),
});
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: publish },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('withdraw' as const), name }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), waitMs: fc.integer({ min: 0, max: 30 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('refuse-one' as const),
      code: fc.constantFrom(301, -401, 500, 500),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ kind: 'settle' as const }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'reset-at-one',
        'lose-one-answer',
        'shed',
        'restart',
        'silence',
        'lose-answers',
        'speak',
        'speak',
      ),
    }),
  },
);

class Run {
  readonly wanted = new Map<string, Instance[]>();
  readonly #nacos: ObservedNacos;
  readonly #naming: NamingClient;
  readonly #observer: ReturnType<typeof observerOf>;
  #running: Promise<unknown> = Promise.resolve();

  constructor(nacos: ObservedNacos, naming: NamingClient) {
    this.#nacos = nacos;
    this.#naming = naming;
    this.#observer = observerOf(nacos);
  }

  async take(step: Step): Promise<unknown> {
    const nacos = this.#nacos;
    switch (step.kind) {
      case 'publish': {
        const list = instances(step.size, step.net);
        this.wanted.set(step.name, list);
        return void (this.#running = this.#naming.publish(service(step.name), list).catch(() => {}));
      }
      case 'withdraw':
        this.wanted.delete(step.name);
        return void (this.#running = this.#naming.withdraw(service(step.name)).catch(() => {}));
      case 'settle':
        return this.#running;
      case 'wait':
        return pause(step.waitMs);
      case 'refuse-one':
        return nacos.refuses(write, step.code, 1);
      case 'reset-at-one':
        return nacos.faults.add({ on: write, fault: { kind: 'reset' }, times: 1 });
      case 'lose-one-answer':
        return nacos.faults.add({ on: write, fault: { kind: 'lost-answer' }, times: 1 });
      case 'shed':
        return void nacos.resetConnections();
      case 'restart':
        return nacos.restart();
      case 'silence':
        return nacos.fails('silence', write);
      case 'lose-answers':
        return nacos.fails('unanswered', write);
      case 'speak':
        return nacos.faults.clear();
      default:
        return step satisfies never;
    }
  }

  /** Publishes everything as it is. */
  async repeat(): Promise<void> {
    await Promise.allSettled([...this.wanted].map(([name, list]) => this.#naming.publish(service(name), list)));
  }

  /** While one connection takes the place of another, both hold everything. */
  async becomesAsWanted(): Promise<void> {
    const endMs = performance.now() + limitMs;
    do {
      await until('the records wanted, once', () => this.#isHeldOnce());
      if (await this.#isAsWanted()) return;
    } while (performance.now() < endMs);
    throw new Error('the server shows other records than were wanted');
  }

  #isHeldOnce(): boolean {
    const lists = [...this.wanted.values()].filter((list) => list.length > 0);
    const total = lists.reduce((sum, list) => sum + list.length, 0);
    return this.#nacos.counts.instances === total && this.#naming.published.services === lists.length;
  }

  async #isAsWanted(): Promise<boolean> {
    const all = [...names, 'first'].map(async (name) => {
      const ips = this.wanted.get(name)?.map(({ ip }) => ip) ?? [];
      return (await this.#observer.ipsOf(name).catch(String)) === ips.join();
    });
    return (await Promise.all(all)).every(Boolean);
  }
}

describe('the records of a naming client', () => {
  afterEach(stopAll);

  it('become what was published last, whatever is lost, refused, reset or silent meanwhile', async function () {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 25 }), async (steps) => {
        const nacos = await nacosServer();
        const options = { clock: hurriedClock, requestTimeoutMs: 4_000, maxInstancesPerConnection };
        const { naming } = clientFor([nacos], options).client;
        const run = new Run(nacos, naming);
        await run.take({ kind: 'publish', name: 'first', size: 1, net: 9 });
        await until('the first record', () => naming.published.services === 1);
        for (const step of steps) await run.take(step);
        nacos.faults.clear();
        await run.becomesAsWanted();
        await run.repeat();
        await run.becomesAsWanted();
        await stopAll();
      }),
      { numRuns: 50 },
    );
  });
});
