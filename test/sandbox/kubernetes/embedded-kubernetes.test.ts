import assert from 'node:assert/strict';
import { Agent, request } from 'undici';
import { parse } from 'yaml';
import { type EmbeddedKubernetes, startEmbeddedKubernetes } from '../../../sandbox/kubernetes/embedded-kubernetes.ts';

describe('an embedded Kubernetes', () => {
  const started: { stop(): Promise<unknown> }[] = [];

  afterEach(async () => {
    await Promise.all(started.splice(0).map((part) => part.stop()));
  });

  async function start(options: Parameters<typeof startEmbeddedKubernetes>[0] = {}): Promise<EmbeddedKubernetes> {
    const kubernetes = await startEmbeddedKubernetes(options);
    started.push(kubernetes);
    return kubernetes;
  }

  /** Reads a path by what the kubeconfig says alone. */
  async function get(kubernetes: EmbeddedKubernetes, path: string): Promise<Record<string, unknown>> {
    const { clusters, users } = parse(kubernetes.kubeconfig) as {
      clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
      users: { user: { token: string } }[];
    };
    const { cluster } = clusters[0]!;
    const ca = Buffer.from(cluster['certificate-authority-data'], 'base64').toString();
    const dispatcher = new Agent({ connect: { ca } });
    try {
      const headers = { authorization: `Bearer ${users[0]!.user.token}` };
      const { body } = await request(`${cluster.server}${path}`, { dispatcher, headers });
      return (await body.json()) as Record<string, unknown>;
    } finally {
      await dispatcher.destroy();
    }
  }

  it('has what every cluster has, and its kubeconfig opens it', async () => {
    const kubernetes = await start({ contextName: 'demo' });
    assert.equal((parse(kubernetes.kubeconfig) as Record<string, unknown>)['current-context'], 'demo');
    const { items } = (await get(kubernetes, '/api/v1/namespaces')) as { items: { metadata: { name: string } }[] };
    const names = items.map(({ metadata }) => metadata.name);
    assert.deepEqual(names, ['default', 'kube-node-lease', 'kube-public', 'kube-system']);
    const service = await get(kubernetes, '/api/v1/namespaces/default/services/kubernetes');
    assert.equal(service.kind, 'Service');
  });

  it('runs beside another one', async () => {
    const [a, b] = await Promise.all([start(), start()]);
    assert.notEqual(a.port, b.port);
    assert.notEqual(a.token, b.token);
  });

  it('says which port is taken and how to choose another', async () => {
    const { port } = await start();
    await assert.rejects(startEmbeddedKubernetes({ port, portOption: '--kubernetes-port' }), {
      message: `port ${port} on 127.0.0.1 is taken; choose another with --kubernetes-port (0 is any free port)`,
    });
  });

  it('keeps what is stored over an outage, on the same port', async () => {
    const kubernetes = await start();
    const before = await get(kubernetes, '/api/v1/namespaces/kube-system');
    await kubernetes.stopServing();
    await assert.rejects(get(kubernetes, '/version'), { code: 'ECONNREFUSED' });
    await kubernetes.startServing();
    assert.deepEqual(await get(kubernetes, '/api/v1/namespaces/kube-system'), before);
  });

  it('describes itself', async () => {
    const kubernetes = await start();
    assert.equal((await get(kubernetes, '/apis')).kind, 'APIGroupList');
    assert.equal((await get(kubernetes, '/api/v1')).kind, 'APIResourceList');
    assert.match(JSON.stringify(await get(kubernetes, '/openapi/v3')), /"apis\/apps\/v1"/);
  });

  it('serves a custom resource from the moment its definition is written', async () => {
    const kubernetes = await start();
    const { cluster } = kubernetes;
    const definitions = cluster.types.find('apiextensions.k8s.io', 'v1', 'customresourcedefinitions')!;
    const schema = {
      openAPIV3Schema: {
        type: 'object',
        properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
      },
    };
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'widgets', kind: 'Widget' },
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    };
    cluster.create(definitions, crd, { manager: 'tester' });
    const list = await get(kubernetes, '/apis/example.com/v1/widgets');
    assert.deepEqual([list.kind, list.items], ['WidgetList', []]);
  });
});
