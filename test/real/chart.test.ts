/**
 * What Helm makes of the chart, and what the API server makes of that: rights by what is enabled, install, upgrade,
 * uninstall.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { type KubernetesServer, startKubernetes } from '../testbed/kubernetes.ts';
import { binary } from '../testbed/parts.ts';

const chart = path.join(import.meta.dirname, '../../charts/nacos-bridge');
const run = promisify(execFile);

interface Rule {
  readonly apiGroups: string[];
  readonly resources: string[];
  readonly resourceNames?: string[];
  readonly verbs: string[];
}

interface Container {
  readonly args: string[];
  readonly env: { readonly name: string; readonly value?: string }[];
  readonly ports: { readonly name: string }[];
  readonly securityContext: Record<string, unknown>;
}

interface Manifest {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Record<string, string>;
  };
  readonly rules?: Rule[];
  readonly spec?: { readonly template?: { readonly spec: { readonly containers: Container[] } } };
}

const readConfigMaps = 'configmaps: get,list,watch';
const writeConfigMaps = 'configmaps: create,patch,delete';
const users = [
  'pods',
  ...['deployments', 'replicasets', 'statefulsets', 'daemonsets'].map((plural) => `${plural}.apps`),
  ...['cronjobs', 'jobs'].map((plural) => `${plural}.batch`),
  'rollouts.argoproj.io',
];
const ownMirrors = ['nacosconfigs/finalizers.bridge.nacos.io: update', ...users.map((resource) => `${resource}: list`)];
const readSecrets = 'secrets: get,list,watch';
const always = [
  'nacosconfigs.bridge.nacos.io: get,list,watch,patch',
  'nacosconnections.bridge.nacos.io: get,list,watch,patch',
  'nacosconfigs/status.bridge.nacos.io: patch',
  'nacosconnections/status.bridge.nacos.io: patch',
  'namespaces: get',
  'nacosconfigsyncs.bridge.nacos.io: get,list,watch,patch',
  'nacosconfiginventories.bridge.nacos.io: get,list,watch,create,patch,delete',
  'nacosconfigsyncs/status.bridge.nacos.io: patch',
  'nacosconfiginventories/status.bridge.nacos.io: patch',
  'nacosconfigsyncs/finalizers.bridge.nacos.io: update',
  'events.events.k8s.io: create,patch',
  readConfigMaps,
];
const services = [
  'nacosservices.bridge.nacos.io: get,list,watch',
  'nacosservices/status.bridge.nacos.io: patch',
  'services: get,list,watch',
  'endpointslices.discovery.k8s.io: get,list,watch',
];
const readPods = 'pods: get,list,watch';
const publishing = [...services, readPods];
const restart = [
  'deployments.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'cronjobs.batch',
  'rollouts.argoproj.io',
].map((resource) => `${resource}: get,list,patch`);
const clusterId = 'namespaces[kube-system]: get';
const election = ['leases.coordination.k8s.io: create', 'leases.coordination.k8s.io[nacos-bridge]: get,update,patch'];
const lease = [...election, 'leases.coordination.k8s.io: list,patch,delete'];

const rights: readonly { title: string; set: string[]; roles: Record<string, string[]> }[] = [
  {
    title: 'a release of another name, which has a Lease of its own and holds the former one',
    set: ['fullnameOverride=main', 'services.enabled=false'],
    roles: {
      'ClusterRole main': [...always, writeConfigMaps, ...ownMirrors, readSecrets],
      'ClusterRole main-cluster-id': [clusterId],
      'Role system/main-leader-election': [
        'leases.coordination.k8s.io: create',
        'leases.coordination.k8s.io[main,nacos-bridge]: get,update,patch',
      ],
    },
  },
  {
    title: 'the defaults',
    set: [],
    roles: {
      'ClusterRole nacos-bridge': [...always, writeConfigMaps, ...ownMirrors, ...publishing, readSecrets],
      'ClusterRole nacos-bridge-cluster-id': [clusterId],
      'Role system/nacos-bridge-leader-election': lease,
    },
  },
  {
    title: 'rules for namespaces with a label',
    set: [
      'nacos.servers={a:8848}',
      'nacos.allow[0].allowedNamespaces.selector.matchLabels.team=shop',
      'services.enabled=false',
    ],
    roles: {
      'ClusterRole nacos-bridge': [...always, writeConfigMaps, ...ownMirrors, readSecrets],
      'ClusterRole nacos-bridge-cluster-id': [clusterId],
      'ClusterRole nacos-bridge-namespaces': ['namespaces: list,watch'],
      'Role system/nacos-bridge-leader-election': election,
    },
  },
  {
    title: 'mirrors and Secrets switched off',
    set: ['mirror.enabled=false', 'connections.secrets.enabled=false'],
    roles: {
      'ClusterRole nacos-bridge': [...always, ...publishing],
      'ClusterRole nacos-bridge-cluster-id': [clusterId],
      'Role system/nacos-bridge-leader-election': lease,
    },
  },
  {
    title: 'two Secrets named',
    set: ['connections.secrets.names={one,two}', 'leaderElection.enabled=false', 'replicaCount=1'],
    roles: {
      'ClusterRole nacos-bridge': [
        ...always,
        writeConfigMaps,
        ...ownMirrors,
        ...publishing,
        'secrets[one,two]: get,list,watch',
      ],
      'ClusterRole nacos-bridge-cluster-id': [clusterId],
    },
  },
  {
    title: 'content that comes from Secrets',
    set: ['secrets.export=true', 'connections.secrets.names={one}', 'services.enabled=false'],
    roles: {
      'ClusterRole nacos-bridge': [
        ...always,
        writeConfigMaps,
        ...ownMirrors,
        readSecrets,
        'secrets[one]: get,list,watch',
      ],
      'ClusterRole nacos-bridge-cluster-id': [clusterId],
      'Role system/nacos-bridge-leader-election': election,
    },
  },
  {
    title: 'mirrors in Secrets alone',
    set: ['mirror.enabled=false', 'secrets.mirror=true', 'connections.secrets.enabled=false', 'services.enabled=false'],
    roles: {
      'ClusterRole nacos-bridge': [...always, ...ownMirrors, `${readSecrets},create,patch,delete`],
      'ClusterRole nacos-bridge-cluster-id': [clusterId],
      'Role system/nacos-bridge-leader-election': election,
    },
  },
  {
    title: 'rollouts switched on',
    set: ['rollout.enabled=true', 'services.enabled=false'],
    roles: {
      'ClusterRole nacos-bridge': [...always, writeConfigMaps, ...ownMirrors, ...restart, readSecrets],
      'ClusterRole nacos-bridge-cluster-id': [clusterId],
      'Role system/nacos-bridge-leader-election': election,
    },
  },
  {
    title: 'services switched off',
    set: ['services.enabled=false'],
    roles: {
      'ClusterRole nacos-bridge': [...always, writeConfigMaps, ...ownMirrors, readSecrets],
      'ClusterRole nacos-bridge-cluster-id': [clusterId],
      'Role system/nacos-bridge-leader-election': election,
    },
  },
  {
    title: 'services without Pods',
    set: ['services.podMetadata=false'],
    roles: {
      'ClusterRole nacos-bridge': [...always, writeConfigMaps, ...ownMirrors, ...services, readSecrets],
      'ClusterRole nacos-bridge-cluster-id': [clusterId],
      'Role system/nacos-bridge-leader-election': lease,
    },
  },
  {
    title: 'two watched namespaces and a cluster id',
    set: ['watchNamespaces={shop,bank}', 'clusterId=test'],
    roles: {
      'Role shop/nacos-bridge': [...always, writeConfigMaps, ...ownMirrors, ...publishing, readSecrets],
      'Role bank/nacos-bridge': [...always, writeConfigMaps, ...ownMirrors, ...publishing, readSecrets],
      'Role system/nacos-bridge-leader-election': lease,
    },
  },
];

describe('The chart rendered by Helm', function () {
  this.timeout(30_000);

  it('passes helm lint', async () => {
    await run(binary('helm'), ['lint', '--strict', chart]);
  });

  for (const { title, set, roles } of rights) {
    it(`grants exactly what is needed with ${title}`, async () => {
      const rendered = await render(...set, 'rbac.aggregate=false');
      const granted = rendered.filter(({ rules }) => rules !== undefined);
      assert.deepEqual(Object.fromEntries(granted.map((role) => [nameOf(role), flatten(role.rules)])), sorted(roles));
    });
  }

  it('never grants a wildcard', async () => {
    const rules = (await render()).flatMap((manifest) => manifest.rules ?? []);
    const wild = rules.filter((rule) => [...rule.verbs, ...rule.resources, ...rule.apiGroups].includes('*'));
    assert.deepEqual(wild, []);
  });

  it('passes every setting to the command line', async () => {
    const { args } = await container(
      'nacos.servers={a:8848,b:8848}',
      'nacos.namespace=dev',
      'nacos.existingSecret=login',
      'clusterId=test',
      'watchNamespaces={shop,bank}',
      'log.level=debug',
    );
    assert.deepEqual(args, [
      'run',
      '--nacos=a:8848,b:8848',
      '--nacos-namespace=dev',
      '--nacos-public-namespace=Empty',
      '--nacos-password-file=/etc/nacos-bridge/login/password',
      '--cluster-id=test',
      '--watch-namespaces=shop,bank',
      '--services=true',
      '--leader-elect=true',
      '--lease-namespace=$(POD_NAMESPACE)',
      '--lease-name=nacos-bridge',
      '--identity=$(POD_NAME)',
      '--bind-address=0.0.0.0',
      '--metrics-port=8080',
      '--health-port=8081',
      '--log-level=debug',
      '--log-format=json',
    ]);
  });

  const heaps: readonly [limit: string, heap: string | undefined][] = [
    ['256Mi', '--max-old-space-size=192'],
    ['1Gi', '--max-old-space-size=768'],
    ['300M', undefined],
  ];
  for (const [limit, heap] of heaps) {
    it(`holds the heap at ${heap ?? 'its default'} with a memory limit of ${limit}`, async () => {
      const { env } = await container(`resources.limits.memory=${limit}`);
      assert.equal(env.find(({ name }) => name === 'NODE_OPTIONS')?.value, heap);
    });
  }

  it('runs without privileges on a read-only file system', async () => {
    const { securityContext } = await container();
    assert.deepEqual(securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('leaves the CRDs out when they are disabled, and protects them when they are not', async () => {
    const crdsOf = (manifests: Manifest[]) => manifests.filter(({ kind }) => kind === 'CustomResourceDefinition');
    assert.equal(crdsOf(await render('crds.enabled=false')).length, 0);
    const policies = async (...set: string[]) =>
      crdsOf(await render(...set)).map(({ metadata }) => metadata.annotations?.['helm.sh/resource-policy']);
    const count = (await readdir(path.join(chart, '../../crds'))).length;
    assert.deepEqual(await policies(), Array(count).fill('keep'));
    assert.deepEqual(await policies('crds.keep=false'), Array(count).fill(undefined));
  });

  it('switches services off on the command line', async () => {
    const { args } = await container('services.enabled=false');
    assert.ok(args.includes('--services=false'), args.join());
  });

  it('has a ServiceMonitor only when asked for', async () => {
    const monitors = (manifests: Manifest[]) => manifests.filter(({ kind }) => kind === 'ServiceMonitor').length;
    assert.deepEqual([monitors(await render()), monitors(await render('metrics.serviceMonitor.enabled=true'))], [0, 1]);
  });

  it('names a misspelt value in its refusal', async () => {
    await assert.rejects(render('watchNamespace=shop'), /watchNamespace/);
  });

  it('refuses one port for two purposes', async () => {
    await assert.rejects(render('metrics.port=8081'), /metrics\.port and health\.port must differ/);
  });
});

describe('The chart on a real API server', function () {
  this.timeout(90_000);
  let kubernetes: KubernetesServer;

  before(async () => {
    kubernetes = await startKubernetes();
  });

  after(() => kubernetes?.stop());

  it('installs, upgrades and uninstalls, and the CRDs stay', async () => {
    await helm('install', 'nacos-bridge', chart, '--create-namespace', '--set', 'nacos.servers={nacos:8848}');
    assert.match(await kubectl('get', 'crd', '-o', 'name'), /nacosconfigs\.bridge\.nacos\.io/);
    await helm('upgrade', 'nacos-bridge', chart, '--set', 'log.level=debug');
    assert.match(await kubectl('get', 'deployment', 'nacos-bridge', '-n', 'system', '-o', 'yaml'), /--log-level=debug/);
    const account = '--as=system:serviceaccount:system:nacos-bridge';
    for (const resource of ['nacosconfigs', 'nacosservices', 'endpointslices.discovery.k8s.io']) {
      assert.equal((await kubectl('auth', 'can-i', 'list', resource, '-A', account)).trim(), 'yes', resource);
    }
    await helm('uninstall', 'nacos-bridge');
    assert.match(await kubectl('get', 'crd', '-o', 'name'), /nacosconfigs\.bridge\.nacos\.io/);
  });

  async function helm(...args: string[]): Promise<void> {
    await run(binary('helm'), [...args, '--namespace', 'system', '--kubeconfig', kubernetes.kubeconfig]);
  }

  async function kubectl(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await kubernetes.kubectl(args);
    assert.equal(code, 0, stderr);
    return stdout;
  }
});

async function render(...set: string[]): Promise<Manifest[]> {
  const options = set.flatMap((value) => ['--set', value]);
  const args = ['template', 'nacos-bridge', chart, '--namespace', 'system', ...options];
  const { stdout } = await run(binary('helm'), args, { maxBuffer: 16 * 1024 * 1024 });
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

async function container(...set: string[]): Promise<Container> {
  const deployment = (await render(...set)).find(({ kind }) => kind === 'Deployment');
  const [first] = deployment?.spec?.template?.spec.containers ?? [];
  assert.ok(first, 'the Deployment must have a container');
  return first;
}

function nameOf({ kind, metadata }: Manifest): string {
  return metadata.namespace === undefined
    ? `${kind} ${metadata.name}`
    : `${kind} ${metadata.namespace}/${metadata.name}`;
}

/** One line per resource, e.g. `secrets[one,two]: get,list`. */
function flatten(rules: readonly Rule[] = []): string[] {
  const lines = rules.flatMap(({ apiGroups, resources, resourceNames, verbs }) =>
    resources.map((resource) => {
      const group = apiGroups[0] === '' ? '' : `.${apiGroups.join()}`;
      const names = resourceNames === undefined ? '' : `[${resourceNames.join()}]`;
      return `${resource}${group}${names}: ${verbs.join()}`;
    }),
  );
  return lines.sort();
}

function sorted(roles: Record<string, string[]>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(roles).map(([name, lines]) => [name, lines.toSorted()]));
}
