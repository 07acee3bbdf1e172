/**
 * The reflector against a server and a network that do everything wrong, in random order: whatever happens, when it
 * stops happening the store equals the server, and the listener was told every difference on the way.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { systemClock } from '../../operator/clock.ts';
import { createKubeMetrics } from '../../operator/kube/metrics.ts';
import { Reflector } from '../../operator/kube/reflector.ts';
import { Store } from '../../operator/kube/store.ts';
import { silentLogger } from '../../operator/logger.ts';
import { clientFor, until } from './client-for.ts';
import { FakeApiServer, configMaps, differences } from './fake-api-server.ts';
import type { FakeConfigMap, RequestFault, WatchFault } from './fake-api-server.ts';

const namespaces = ['a', 'b', 'c'];

type Step =
  | { do: 'put' | 'remove' | 'recreate'; namespace: string; name: string }
  | { do: 'inject'; fault: RequestFault }
  | { do: 'disturb'; fault: WatchFault }
  | { do: 'compact' }
  /** Lets things happen: for a few turns of the event loop, or until every watch is open. */
  | { do: 'settle'; turns: number }
  | { do: 'watch' };

const place = { namespace: fc.constantFrom(...namespaces), name: fc.constantFrom('x', 'y', 'z', 'ü') };
const requestFaults: RequestFault[] = [
  'status-500',
  'status-429',
  'status-410',
  'status-403',
  'reset',
  'slow',
  'not-a-list',
];
const watchFaults: WatchFault[] = [
  ...(['end', 'reset', 'silence', 'half-line', 'garbage', 'gone', 'error', 'duplicate', 'bookmark'] as const),
];
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('put', 'remove', 'recreate'), ...place }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('inject'), fault: fc.constantFrom(...requestFaults) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('disturb'), fault: fc.constantFrom(...watchFaults) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('compact') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('settle'), turns: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('watch') }) },
);

describe('a reflector against a hostile watch', () => {
  const scopes = [
    { title: 'of all namespaces', watched: undefined },
    { title: 'of two of three namespaces', watched: ['a', 'b'] },
  ];
  for (const { title, watched } of scopes) {
    it(`${title} ends up equal to the server and tells every difference`, async () => {
      const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) =>
        run(steps, watched),
      );
      await fc.assert(property, { numRuns: 60, interruptAfterTimeLimit: 4000, endOnFailure: true });
    });
  }
});

async function run(steps: readonly Step[], watched: readonly string[] | undefined): Promise<void> {
  const server = await FakeApiServer.start();
  const client = clientFor(server, { requestTimeoutMs: 300 });
  const store = new Store<FakeConfigMap>({ indexes: { namespace: (object) => [object.metadata.namespace ?? ''] } });
  const told = new Map<string, FakeConfigMap>();
  store.onChange(({ key, previous, current }) => {
    assert.equal(told.get(key), previous, `${key}: what was told before is what is told as previous`);
    if (current === undefined) told.delete(key);
    else told.set(key, current);
  });
  const reflector = reflectorOf(client, store, watched);
  try {
    for (let n = 0; n < 7; n++) server.put(namespaces[n % 3] ?? 'a', `first-${n}`);
    reflector.start();
    for (const each of steps) await act(server, each, watched?.length ?? 1);
    server.heal();
    const behind = () => differences(server, [...store.list(), ...unwatched(server, watched)]);
    await until(
      () => reflector.hasSynced && behind().length === 0,
      () => `${behind().join(', ')} differ; last error ${reflector.lastError?.message}`,
    );
    assert.deepEqual(new Map(told), new Map(store.list().map((object) => [keyOf(object), object])));
    for (const namespace of namespaces) {
      const indexed = store.byIndex('namespace', namespace).map(keyOf).sort();
      assert.deepEqual(
        indexed,
        store
          .keys()
          .filter((key) => key.startsWith(`${namespace}/`))
          .sort(),
      );
    }
  } finally {
    await reflector.stop();
    await client.close();
    await server.stop();
  }
}

function reflectorOf(client: ReturnType<typeof clientFor>, store: Store<FakeConfigMap>, watched?: readonly string[]) {
  return new Reflector<FakeConfigMap>({
    client,
    resource: configMaps,
    namespaces: watched,
    store,
    log: silentLogger,
    clock: systemClock,
    metrics: createKubeMetrics(new Registry(), 'test_'),
    pageSize: 3,
    timing: {
      backoffInitialMs: 1,
      backoffMaxMs: 8,
      backoffUnreachableMaxMs: 8,
      idleMs: 150,
      idleWithBookmarksMs: 60,
    },
  });
}

async function act(server: FakeApiServer, each: Step, watches: number): Promise<void> {
  switch (each.do) {
    case 'put':
      return server.put(each.namespace, each.name, { at: String(server.requests.length) });
    case 'remove':
      return server.remove(each.namespace, each.name);
    case 'recreate':
      server.remove(each.namespace, each.name);
      return server.put(each.namespace, each.name);
    case 'inject':
      return server.inject(each.fault);
    case 'disturb':
      return server.disturb(each.fault);
    case 'compact':
      return server.compact();
    case 'settle':
      for (let turn = 0; turn < each.turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      return;
    case 'watch':
      // Not within this time, then with faults that are still to come.
      return until(() => server.openWatches >= watches, undefined, 40).catch(() => {});
  }
}

function unwatched(server: FakeApiServer, watched?: readonly string[]): FakeConfigMap[] {
  return [...server.truth.values()].filter(
    ({ metadata }) => watched !== undefined && !watched.includes(metadata.namespace ?? ''),
  );
}

function keyOf({ metadata }: FakeConfigMap): string {
  return `${metadata.namespace}/${metadata.name}`;
}
