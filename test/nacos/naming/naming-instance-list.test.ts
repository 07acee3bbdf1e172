import assert from 'node:assert/strict';
import fc from 'fast-check';
import { instanceList } from '../../../operator/nacos/naming/naming-instance-list.ts';
import { parseServiceInfo, saysTheSame } from '../../../operator/nacos/naming/naming-service-info.ts';
import type { Instance } from '../../../operator/nacos/naming/naming-types.ts';

const service = { namespaceId: 'public', group: 'g', serviceName: 's' };

const anyInstance: fc.Arbitrary<Instance> = fc.record({
  ip: fc.constantFrom('10.0.0.1', '10.0.0.2', 'fd00::1'),
  port: fc.constantFrom(0, 80, 8080),
  weight: fc.constantFrom(0, 0.5, 1, 10_000),
  healthy: fc.boolean(),
  enabled: fc.boolean(),
  clusterName: fc.constantFrom('DEFAULT', 'c-1'),
  metadata: fc.dictionary(fc.string({ maxLength: 3 }), fc.string({ maxLength: 3 }), { maxKeys: 4 }),
});

/** The same instance, built in another order. */
function rebuilt(instance: Instance): Instance {
  const metadata = Object.fromEntries(Object.entries(instance.metadata).reverse());
  return Object.fromEntries(Object.entries({ ...instance, metadata }).reverse()) as unknown as Instance;
}

function isEqual(a: unknown, b: unknown): boolean {
  try {
    assert.deepEqual(a, b);
    return true;
  } catch {
    return false;
  }
}

describe('the canonical form of a list of instances', () => {
  it('is the same for equal lists, however they were built', () => {
    fc.assert(
      fc.property(fc.array(anyInstance, { maxLength: 4 }), (list) => {
        assert.equal(instanceList(service, list.map(rebuilt)).text, instanceList(service, list).text);
      }),
    );
  });

  it('differs for unequal lists', () => {
    const lists = fc.array(anyInstance, { maxLength: 2 });
    fc.assert(
      fc.property(lists, lists, (a, b) => {
        assert.equal(instanceList(service, a).text === instanceList(service, b).text, isEqual(a, b));
      }),
    );
  });
});

describe('what a server says of a service', () => {
  it('is the same in whatever order it names the hosts and their metadata', () => {
    fc.assert(
      fc.property(fc.array(anyInstance, { maxLength: 4 }), (list) => {
        const one = parseServiceInfo({ hosts: list, lastRefTime: 1 });
        const other = parseServiceInfo({ hosts: list.map(rebuilt).reverse(), lastRefTime: '2' });
        assert.ok(saysTheSame(one, other));
        assert.equal(other.lastRefTimeMs, 2);
      }),
    );
  });

  for (const [what, serviceInfo] of [
    ['nothing', undefined],
    ['no hosts', { name: 's' }],
    ['hosts of a wrong kind', { hosts: [null, 'x', 7] }],
  ] as const) {
    it(`is a service without hosts when it says ${what}`, () => {
      assert.deepEqual(parseServiceInfo(serviceInfo), { hosts: [], lastRefTimeMs: 0, reachProtectionThreshold: false });
    });
  }

  it('has the meaning that Nacos gives to fields that are left out', () => {
    const [host] = parseServiceInfo({ hosts: [{ ip: 'a', port: 1, metadata: { k: 'v', n: null } }] }).hosts;
    const { healthy, enabled, ephemeral, metadata } = host!;
    assert.deepEqual([healthy, enabled, ephemeral, metadata], [true, true, true, { k: 'v' }]);
  });
});
