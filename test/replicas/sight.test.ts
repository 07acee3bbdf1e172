import assert from 'node:assert/strict';
import { BridgeError } from '../../operator/errors.ts';
import { silentLogger } from '../../operator/logger.ts';
import type { ReplicaEvent } from '../../operator/replicas/relief.ts';
import type { LeaseEvent } from '../../operator/replicas/replica-lease.ts';
import { Sight } from '../../operator/replicas/sight.ts';
import { FakeClock } from '../fake-clock.ts';

/** A resource whose watch is confirmed every second, and that can be listed, unless the test says otherwise. */
class FakeView {
  readonly resource: string;
  readonly #clock: FakeClock;
  lastConfirmedMonotonicMs: number | undefined = 0;
  lastError: BridgeError | undefined;
  watches = true;
  failure: BridgeError | undefined;
  lists = 0;

  constructor(resource: string, clock: FakeClock) {
    this.resource = resource;
    this.#clock = clock;
  }

  confirm(): void {
    if (this.watches) this.lastConfirmedMonotonicMs = this.#clock.monotonic();
  }

  async refresh(): Promise<void> {
    this.lists += 1;
    this.lastError = this.failure;
    if (this.failure) throw this.failure;
    this.lastConfirmedMonotonicMs = this.#clock.monotonic();
  }
}

describe('the sight of a replica', () => {
  let clock: FakeClock;
  let slices: FakeView;
  let services: FakeView;
  let isLost: boolean;
  let tellLease: (event: LeaseEvent) => void;
  let events: ReplicaEvent['kind'][];
  let awaited: { renewal: boolean; list: boolean };
  let sight: Sight;

  beforeEach(() => {
    clock = new FakeClock();
    [slices, services] = [new FakeView('endpointslices', clock), new FakeView('services', clock)];
    [isLost, events, awaited] = [false, [], { renewal: false, list: false }];
    sight = new Sight({
      lease: {
        get isLost() {
          return isLost;
        },
        onEvent: (listener) => {
          tellLease = listener;
          return () => {};
        },
        renew: async () => tellLease({ kind: 'renewed', begunMs: clock.monotonic() }),
      },
      views: () => [slices, services],
      reconcileAll: () => events.push('entries'),
      awaited: () => awaited,
      onEvent: ({ kind }) => events.push(kind),
      clock,
      log: silentLogger,
    });
    sight.start();
  });
  afterEach(() => sight.stop());

  async function pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      await clock.advance(1000);
      for (const view of [slices, services]) view.confirm();
    }
  }

  const fails = (): BridgeError => new BridgeError('KUBE_UNAVAILABLE', 'no');

  it('costs nothing while all is confirmed', async () => {
    await pass(60);
    assert.deepEqual([events, slices.lists, services.lists], [[], 0, 0]);
  });

  it('is kept by a list when a watch hangs', async () => {
    slices.watches = false;
    await pass(60);
    assert.deepEqual([events, services.lists], [[], 0]);
    assert.ok(slices.lists >= 4 && slices.lists <= 6, `${slices.lists} lists`);
  });

  it('is lost by one resource that fails, and back when it can be listed; nothing else is listed for it', async () => {
    Object.assign(slices, { watches: false, failure: fails() });
    await pass(14);
    assert.deepEqual([events, sight.blindness], [[], []]);
    await pass(3);
    assert.deepEqual([events, sight.blindness], [['lost'], ['endpointslices']]);
    slices.failure = undefined;
    await pass(10);
    // What is seen is wanted of the clients before anything is said.
    assert.deepEqual(events, ['lost', 'entries', 'synced']);
    assert.deepEqual([sight.blindness, services.lists], [[], 0]);
  });

  for (const code of ['KUBE_FORBIDDEN', 'KUBE_NOT_FOUND'] as const) {
    it(`is not lost by a resource that is refused with ${code}`, async () => {
      Object.assign(slices, { watches: false, failure: new BridgeError(code, 'no') });
      await pass(60);
      assert.deepEqual([events, sight.blindness], [[], []]);
    });
  }

  it('is not lost by what was never listed', async () => {
    Object.assign(slices, { watches: false, lastConfirmedMonotonicMs: undefined, failure: fails() });
    await pass(60);
    assert.deepEqual(events, []);
  });

  it('is lost with the Lease, and all is listed when that is back', async () => {
    isLost = true;
    tellLease({ kind: 'lost' });
    assert.deepEqual([events, sight.blindness], [['lost'], ['leases.coordination.k8s.io']]);
    await pass(5);
    assert.deepEqual([slices.lists, services.lists], [0, 0]);
    isLost = false;
    tellLease({ kind: 'renewed', begunMs: clock.monotonic() });
    await pass(1);
    assert.deepEqual(events, ['lost', 'entries', 'synced', 'listed']);
    assert.deepEqual([slices.lists, services.lists], [1, 1]);
  });

  it('is not back by a list that began before it was lost', async () => {
    const listing = Promise.withResolvers<void>();
    slices.refresh = async () => {
      slices.lists += 1;
      await listing.promise;
    };
    awaited = { renewal: false, list: true };
    sight.check();
    await pass(1);
    isLost = true;
    tellLease({ kind: 'lost' });
    isLost = false;
    tellLease({ kind: 'renewed', begunMs: clock.monotonic() });
    assert.equal(slices.lists, 1);
    listing.resolve();
    await clock.advance(1);
    assert.ok(!events.includes('synced'));
    await pass(1);
    assert.ok(events.includes('synced') && slices.lists > 1);
  });

  it('is shown by a list when a relief waits for one, unless a part of it is refused', async () => {
    awaited = { renewal: false, list: true };
    slices.failure = new BridgeError('KUBE_FORBIDDEN', 'no');
    sight.check();
    await pass(10);
    assert.ok(!events.includes('listed'));
    slices.failure = undefined;
    await pass(6);
    assert.ok(events.includes('listed'));
  });
});
