/**
 * Installations of the operator beside each other in one cluster, at one Nacos, each with namespaces of its own: neither
 * takes anything from the other, both lead, and where they overlap both say so.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readManifests } from '../../operator/admission/package-files.ts';
import { systemClock } from '../../operator/clock.ts';
import { silentLogger } from '../../operator/logger.ts';
import { startEmbeddedKubernetes, type EmbeddedKubernetes } from '../../sandbox/kubernetes/embedded-kubernetes.ts';
import { eventually, hangMs } from '../eventually.ts';
import { OperatorProcess } from '../operator-process.ts';
import type { KubeObject } from '../scenarios/backends.ts';
import { RestKubernetes } from '../scenarios/kubernetes-backend.ts';
import { HttpNacos } from '../scenarios/nacos-backend.ts';
import { TcpProxy } from '../testbed/tcp-proxy.ts';
import { startApplication } from './application.ts';
import { startBridgedCluster } from './bridged-cluster.ts';
import { startEmbeddedEndpoint, type EmbeddedEndpoint } from './embedded-endpoint.ts';

const leaseNamespace = 'default';

describe('installations beside each other', function () {
  this.timeout(4 * hangMs);
  let started: AsyncDisposableStack;
  let dir: string;
  let endpoint: EmbeddedEndpoint['endpoint'];
  let kubernetes: EmbeddedKubernetes;
  let rest: RestKubernetes;
  let nacos: HttpNacos;
  let toApiServer: TcpProxy;

  beforeEach(async () => {
    started = new AsyncDisposableStack();
    dir = await mkdtemp(join(tmpdir(), 'nacos-bridge-installations-'));
    started.defer(() => rm(dir, { recursive: true, force: true }));
    const embedded = await startEmbeddedEndpoint('3.1');
    endpoint = embedded.endpoint;
    started.defer(() => embedded.nacos.stop());
    nacos = new HttpNacos(endpoint, async () => startApplication(endpoint));
    started.defer(() => nacos.close());
    kubernetes = await startEmbeddedKubernetes({ clock: systemClock, log: silentLogger });
    started.defer(() => kubernetes.stop());
    const { port } = new URL(kubernetes.url);
    toApiServer = await TcpProxy.start({ target: { host: '127.0.0.1', port: Number(port) } });
    started.defer(() => toApiServer.close());
    await writeFile(join(dir, 'direct'), kubernetes.kubeconfig, { mode: 0o600 });
    const proxied = kubernetes.kubeconfig.replaceAll(`:${port}`, `:${toApiServer.port}`);
    await writeFile(join(dir, 'proxied'), proxied, { mode: 0o600 });
    await writeFile(join(dir, 'password'), endpoint.password, { mode: 0o600 });
    rest = new RestKubernetes(join(dir, 'direct'));
    started.defer(() => rest.close());
    for (const object of await readManifests('crds')) await rest.apply(object as KubeObject);
    for (const name of ['team-a', 'team-b']) {
      await rest.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
      await rest.apply({
        apiVersion: 'bridge.nacos.io/v1alpha1',
        kind: 'NacosService',
        metadata: { name: 'orders', namespace: name },
        spec: { group: name, source: { serviceRef: { name: 'orders' } } },
      });
    }
  });
  afterEach(() => started.disposeAsync());

  /** Ready. `kubeconfig` is the way to the API server. */
  async function install(name: string, namespace: string, kubeconfig = 'direct'): Promise<OperatorProcess> {
    const operator = new OperatorProcess({
      args: [
        'run',
        `--kubeconfig=${join(dir, kubeconfig)}`,
        `--nacos=${endpoint.host}:${endpoint.port}`,
        `--nacos-username=${endpoint.username}`,
        `--nacos-password-file=${join(dir, 'password')}`,
        `--watch-namespaces=${namespace}`,
        `--lease-namespace=${leaseNamespace}`,
        `--lease-name=${name}`,
        `--identity=${name}-1`,
        '--bind-address=127.0.0.1',
        '--metrics-port=0',
        '--health-port=0',
        '--log-level=debug',
      ],
      env: {},
      logFile: join(dir, `${name}.log`),
    });
    started.defer(async () => void (await operator.end('SIGTERM')));
    await operator.start();
    return operator;
  }

  async function offer(namespace: string, ...addresses: string[]): Promise<void> {
    const metadata = { name: 'orders', namespace };
    const ports = [{ name: 'http', port: 80, protocol: 'TCP' }];
    await rest.apply({ apiVersion: 'v1', kind: 'Service', metadata, spec: { ports } });
    await rest.apply({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'orders' } },
      addressType: 'IPv4',
      ports,
      endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    });
  }

  async function offered(namespace: string): Promise<string[]> {
    const instances = await nacos.instances({ namespaceId: '', group: namespace, serviceName: 'orders' });
    return instances.map(({ ip }) => ip).toSorted();
  }

  /** Waits until Nacos offers exactly these. */
  function offers(namespace: string, ...addresses: string[]): Promise<void> {
    return eventually(hangMs, async () => assert.deepEqual(await offered(namespace), addresses));
  }

  /** Which replica each Lease names, and when that was renewed. */
  async function lease(name: string): Promise<{ holderIdentity?: string; renewTime?: string }> {
    const ref = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: leaseNamespace, name };
    return (await rest.get(ref))?.['spec'] ?? {};
  }

  async function isReady(namespace: string): Promise<void> {
    const ref = { apiVersion: 'bridge.nacos.io/v1alpha1', kind: 'NacosService', namespace, name: 'orders' };
    const status = (await rest.get(ref))?.['status'] as { conditions?: { type: string; status: string }[] } | undefined;
    assert.equal(status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True', `Ready in ${namespace}`);
  }

  it('leave each other’s instances alone when one of them loses the API server', async () => {
    await offer('team-a', '10.0.0.1', '10.0.0.2');
    await offer('team-b', '10.0.1.1');
    const first = await install('inst-a', 'team-a', 'proxied');
    const second = await install('inst-b', 'team-b');
    await offers('team-a', '10.0.0.1', '10.0.0.2');
    await offers('team-b', '10.0.1.1');
    for (const namespace of ['team-a', 'team-b']) await eventually(hangMs, () => isReady(namespace));
    assert.deepEqual(
      [(await lease('inst-a')).holderIdentity, (await lease('inst-b')).holderIdentity],
      ['inst-a-1', 'inst-b-1'],
    );

    toApiServer.hold();
    const blind = async () => assert.equal(await first.metric('nacos_bridge_replica_state', 'state="blind"'), 1);
    await eventually(hangMs, blind);
    const seen = new Set<string | undefined>();
    // A few renewals after the other one said that it is blind: so many that a relief would be over.
    await eventually(hangMs, async () => {
      seen.add((await lease('nacos-bridge-inst-b-1')).renewTime);
      assert.ok(seen.size > 3, `${seen.size} renewals`);
      await offer('team-b', '10.0.1.1', `10.0.1.${1 + seen.size}`);
    });
    assert.deepEqual(await offered('team-a'), ['10.0.0.1', '10.0.0.2']);
    await blind();
    assert.equal(await second.metric('nacos_bridge_replica_reliefs_total'), 0);
    assert.equal(await second.metric('nacos_bridge_replica_installations_overlapping'), 0);
    await toApiServer.release();
    await eventually(hangMs, () => first.ready());
  });

  it('say that they overlap where both serve a namespace', async () => {
    await offer('team-b', '10.0.1.1');
    const first = await install('inst-a', 'team-b');
    const second = await install('inst-b', 'team-b');
    for (const operator of [first, second]) {
      await eventually(hangMs, async () => {
        assert.equal(await operator.metric('nacos_bridge_replica_installations_overlapping'), 1);
      });
    }
    assert.match(await first.log(), /default\/inst-b.*another installation publishes Services of the same namespaces/);
    await second.end('SIGTERM');
    await eventually(hangMs, async () => {
      assert.equal(await first.metric('nacos_bridge_replica_installations_overlapping'), 0);
    });
  });
});

describe('a replica that does not see one resource', function () {
  this.timeout(4 * hangMs);

  it('says that it is blind, and by what, keeps what it has published, and is Ready again when it sees', async () => {
    await using started = new AsyncDisposableStack();
    const { endpoint, nacos } = await startEmbeddedEndpoint('3.1');
    started.defer(() => nacos.stop());
    const { kubernetes, operator, rest, stop } = await startBridgedCluster(endpoint);
    started.defer(stop);
    const metadata = { name: 'orders', namespace: 'default' };
    const ports = [{ name: 'http', port: 80, protocol: 'TCP' }];
    const annotations = { 'bridge.nacos.io/export': 'true' };
    await rest.apply({ apiVersion: 'v1', kind: 'Service', metadata: { ...metadata, annotations }, spec: { ports } });
    await rest.apply({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'orders' } },
      addressType: 'IPv4',
      ports,
      endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }],
    });
    const state = (kind: string) => operator.metric('nacos_bridge_replica_state', `state="${kind}"`);
    await eventually(hangMs, async () => assert.equal(await state('sighted'), 1));

    const heal = ['list', 'watch'].map((verb) =>
      kubernetes.faults.add({ on: `${verb} endpointslices*`, fault: { kind: 'status', status: 500 } }),
    );
    const blindBy = (resource: string) => operator.metric('nacos_bridge_replica_blind', `resource="${resource}"`);
    await eventually(hangMs, async () => assert.equal(await blindBy('endpointslices.discovery.k8s.io'), 1));
    assert.deepEqual([await state('blind'), await blindBy('leases.coordination.k8s.io')], [1, 0]);
    assert.equal(await operator.isReady(), false);
    assert.match(await operator.log(), /"api-server".*not seen for 15 s: endpointslices/);
    const registered = await endpoint.admin.naming.registered('', 'DEFAULT_GROUP');
    assert.deepEqual(
      registered.get('orders')?.map(({ ip }) => ip),
      ['10.0.0.1'],
    );

    for (const undo of heal) undo();
    await eventually(hangMs, async () => assert.equal(await state('sighted'), 1));
    await operator.ready();
  });
});
