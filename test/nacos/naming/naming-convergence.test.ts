/**
 * Whatever happens in whatever order, the server ends up with what was wanted last, and with nothing else.
 */
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import type { Clock } from '../../../operator/clock.ts';
import type { Instance, ServiceKey } from '../../../operator/nacos/naming/naming-types.ts';
import type { NamingClient } from '../../../operator/nacos/naming/naming-client.ts';
import { clientFor, fakeNacos, stopAll } from '../client-for.ts';
import type { FakeNacos } from '../fake-nacos.ts';
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
const writes = ['BatchInstanceRequest', 'InstanceRequest'];

type Step =
  | { readonly kind: 'publish'; readonly name: string; readonly size: number; readonly net: number }
  | { readonly kind: 'withdraw'; readonly name: string }
  | { readonly kind: 'fail'; readonly code: number; readonly isCarriedOut: boolean }
  | { readonly kind: 'lose' | 'reset' | 'restart' | 'silence' | 'lose-answers' | 'speak' | 'settle' }
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
      kind: fc.constant('fail' as const),
      code: fc.constantFrom(301, -401, 500, 500),
      isCarriedOut: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ kind: 'settle' as const }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('lose', 'reset', 'restart', 'silence', 'lose-answers', 'speak', 'speak'),
    }),
  },
);

function key(serviceName: string): ServiceKey {
  return { namespaceId: '', group: 'g', serviceName };
}

function listOf(size: number, net: number): Instance[] {
  const plain = { port: 80, weight: 1, healthy: true, enabled: true, clusterName: 'DEFAULT', metadata: {} };
  return Array.from({ length: size }, (_, index) => ({ ip: `10.0.${net}.${index}`, ...plain }));
}

class Run {
  readonly wanted = new Map<string, Instance[]>();
  readonly #fake: FakeNacos;
  readonly #naming: NamingClient;
  #running: Promise<unknown> = Promise.resolve();

  constructor(fake: FakeNacos, naming: NamingClient) {
    this.#fake = fake;
    this.#naming = naming;
  }

  async take(step: Step): Promise<void> {
    const fake = this.#fake;
    switch (step.kind) {
      case 'publish': {
        const list = listOf(step.size, step.net);
        this.wanted.set(step.name, list);
        this.#running = this.#naming.publish(key(step.name), list).catch(() => {});
        return;
      }
      case 'withdraw':
        this.wanted.delete(step.name);
        this.#running = this.#naming.withdraw(key(step.name)).catch(() => {});
        return;
      case 'settle':
        await this.#running;
        return;
      case 'wait':
        return pause(step.waitMs);
      case 'fail':
        fake.naming.faults.failures.push({ ...step, message: 'no' });
        return;
      case 'lose':
        return fake.dropConnections('naming');
      case 'reset':
        return fake.push('ConnectResetRequest', {}, 'naming');
      case 'restart':
        fake.stopGrpc();
        return fake.startGrpc();
      case 'silence':
        for (const type of writes) fake.faults.silentTypes.add(type);
        return;
      case 'lose-answers':
        for (const type of writes) fake.faults.lostAnswers.add(type);
        return;
      case 'speak':
        return this.speak();
      default:
        return step satisfies never;
    }
  }

  speak(): void {
    this.#fake.faults.silentTypes.clear();
    this.#fake.faults.lostAnswers.clear();
  }

  /** How many services have instances. */
  get services(): number {
    return [...this.wanted.values()].filter((list) => list.length > 0).length;
  }

  /** Publishes everything as it is. */
  async repeat(): Promise<void> {
    const all = [...this.wanted].map(([name, list]) => this.#naming.publish(key(name), list));
    await Promise.allSettled(all);
  }
}

function recordsOf(wanted: ReadonlyMap<string, Instance[]>): string {
  const filled = [...wanted].filter(([, list]) => list.length > 0);
  return filled
    .map(([serviceName, list]) => `public g ${serviceName}: ${list.map(({ ip }) => ip).join(',')}`)
    .sort()
    .join('\n');
}

describe('the records of a naming client', () => {
  afterEach(stopAll);

  it('become what was published last, whatever is lost, refused, reset or silent meanwhile', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 25 }), async (steps) => {
        const fake = await fakeNacos();
        const options = { clock: hurriedClock, requestTimeoutMs: 4_000, maxInstancesPerConnection };
        const { naming } = clientFor([fake], options).client;
        void naming.publish(key('first'), listOf(1, 9)).catch(() => {});
        await until('the first record', () => naming.published.services === 1);
        const run = new Run(fake, naming);
        run.wanted.set('first', listOf(1, 9));
        for (const step of steps) await run.take(step);
        run.speak();
        fake.naming.faults.failures.length = 0;
        // While one connection takes the place of another, both hold everything.
        const isAsWanted = (): boolean =>
          fake.naming.records.join('\n') === recordsOf(run.wanted) && naming.published.services === run.services;
        await until('the records wanted', isAsWanted, undefined, 8_000);
        await run.repeat();
        await until('the same records', isAsWanted, undefined, 8_000);
        await stopAll();
      }),
      { numRuns: 50 },
    );
  });
});
