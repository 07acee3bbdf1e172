import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EmbeddedCluster } from '../../../../sandbox/kubernetes/embedded-cluster.ts';
import {
  ServiceAddresses,
  trackServiceAddresses,
} from '../../../../sandbox/kubernetes/types/rules/service-addresses.ts';
import { builtInTypes } from '../../../../sandbox/kubernetes/types/built-in-types.ts';
import type { CustomResourceDefinition } from '../../../../sandbox/kubernetes/types/custom-resource-definition.ts';
import { serveCustomResources } from '../../../../sandbox/kubernetes/types/custom-resources.ts';
import { TypeRegistry } from '../../../../sandbox/kubernetes/types/type-registry.ts';
import { FakeClock } from '../../../fake-clock.ts';
import { readCrd } from './our-crds.ts';

const manager = 'test';

describe('The registry of types', () => {
  it('serves what a CustomResourceDefinition defines as soon as it is written, and says so in its status', async () => {
    const { registry, cluster, definitions } = world();
    cluster.create(definitions, readCrd('nacosconfigs'), { manager });
    assert.ok(registry.findKind('bridge.nacos.io/v1alpha1', 'NacosConfig'));
    await nextTurn();
    await nextTurn();
    const { status } = cluster.get(definitions, '', 'nacosconfigs.bridge.nacos.io') as CustomResourceDefinition;
    assert.deepEqual(
      status?.conditions?.map(({ type, status, reason, message }) => [type, status, reason, message]),
      [
        ['NamesAccepted', 'True', 'NoConflicts', 'no conflicts found'],
        ['Established', 'True', 'InitialNamesAccepted', 'the initial names have been accepted'],
      ],
    );
    assert.deepEqual(status?.storedVersions, ['v1alpha1']);
    assert.equal(status?.acceptedNames?.kind, 'NacosConfig');
  });

  it('serves a changed schema at once', () => {
    const { registry, cluster, definitions } = world();
    const created = cluster.create(definitions, readCrd('nacosconfigs'), { manager }) as CustomResourceDefinition;
    const [version] = created.spec.versions;
    assert.ok(version);
    const versions = [{ ...version, subresources: {} }];
    cluster.update(definitions, { ...created, spec: { ...created.spec, versions } }, { manager });
    assert.equal(registry.findKind('bridge.nacos.io/v1alpha1', 'NacosConfig')?.hasStatus, false);
  });

  it('knows no longer what a CustomResourceDefinition defined that is gone', () => {
    const { registry, cluster, definitions } = world();
    cluster.create(definitions, readCrd('nacosconfigs'), { manager });
    const name = 'nacosconfigs.bridge.nacos.io';
    cluster.delete(definitions, '', name);
    cluster.patch(definitions, '', name, 'merge', { metadata: { finalizers: null } }, { manager });
    assert.equal(registry.findKind('bridge.nacos.io/v1alpha1', 'NacosConfig'), undefined);
  });

  it('gives an address again when its Service is gone', () => {
    const { cluster } = world();
    const services = cluster.types.find('', 'v1', 'services')!;
    const namespaces = cluster.types.find('', 'v1', 'namespaces')!;
    cluster.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } }, { manager });
    const create = (name: string, clusterIP?: string) => {
      const metadata = { name, namespace: 'a' };
      const service = { apiVersion: 'v1', kind: 'Service', metadata, spec: { clusterIP, ports: [{ port: 1 }] } };
      const { spec } = cluster.create(services, service, { manager }) as unknown as { spec: { clusterIP: string } };
      return spec.clusterIP;
    };
    const first = create('first', '10.96.0.11');
    assert.deepEqual([create('second'), create('third')], ['10.96.0.10', '10.96.0.12']);
    cluster.delete(services, 'a', 'first');
    assert.equal(create('fourth', first), first);
  });
});

function world() {
  const addresses = new ServiceAddresses();
  const registry = new TypeRegistry(builtInTypes(addresses));
  const clock = new FakeClock();
  const cluster = new EmbeddedCluster({ types: registry, clock });
  serveCustomResources(cluster, registry, clock);
  trackServiceAddresses(cluster, addresses);
  const definitions = registry.find('apiextensions.k8s.io', 'v1', 'customresourcedefinitions')!;
  return { registry, cluster, definitions };
}
