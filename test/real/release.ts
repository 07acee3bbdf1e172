/**
 * Installs the chart on a real API server with helm, and derives from the installed objects how to run the operator
 * outside of the cluster with exactly the rights that the chart gives it.
 */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KubernetesServer } from '../testbed/kubernetes.ts';
import type { NacosServer } from '../testbed/nacos.ts';
import { binary } from '../testbed/parts.ts';
import { OperatorProcess } from '../operator-process.ts';

const chart = join(import.meta.dirname, '../../charts/nacos-bridge');
const namespace = 'nacos-bridge-system';
const release = 'nacos-bridge';

/** What a node would give to the pod instead. */
const replacedOptions = ['nacos-password-file', 'bind-address', 'metrics-port', 'health-port', 'log-level'];

interface Deployment {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly serviceAccountName: string;
        readonly containers: readonly {
          readonly args: readonly string[];
          readonly env: readonly { readonly name: string; readonly value?: string }[];
        }[];
      };
    };
  };
}

export interface Release {
  readonly operator: OperatorProcess;
  /** The user name under which the API server knows the operator. */
  readonly username: string;
}

export async function installRelease(kubernetes: KubernetesServer, nacos: NacosServer, dir: string): Promise<Release> {
  await helmInstall(kubernetes, nacos, dir);
  const deployment = JSON.parse(
    await kubectl(kubernetes, ['get', 'deployment', release, '-n', namespace, '-o', 'json']),
  ) as Deployment;
  const { serviceAccountName, containers } = deployment.spec.template.spec;
  const token = await kubectl(kubernetes, ['create', 'token', serviceAccountName, '-n', namespace, '--duration=4h']);
  const kubeconfig = join(dir, 'operator.kubeconfig');
  const passwordFile = join(dir, 'nacos-password');
  await writeFile(kubeconfig, JSON.stringify(kubeconfigOf(kubernetes, token.trim())), { mode: 0o600 });
  await writeFile(passwordFile, nacos.password, { mode: 0o600 });
  const operator = new OperatorProcess({
    args: [
      ...deploymentArgs(containers[0]?.args ?? []),
      `--kubeconfig=${kubeconfig}`,
      `--nacos-password-file=${passwordFile}`,
      '--bind-address=127.0.0.1',
      '--metrics-port=0',
      '--health-port=0',
      '--log-level=debug',
    ],
    env: {
      NACOS_BRIDGE_NACOS_USERNAME: nacos.username,
      NODE_OPTIONS: containers[0]?.env.find(({ name }) => name === 'NODE_OPTIONS')?.value ?? '',
    },
    logFile: join(dir, 'operator.log'),
  });
  return { operator, username: `system:serviceaccount:${namespace}:${serviceAccountName}` };
}

async function helmInstall(kubernetes: KubernetesServer, nacos: NacosServer, dir: string): Promise<void> {
  const login = [`--from-literal=username=${nacos.username}`, `--from-literal=password=${nacos.password}`];
  await kubectl(kubernetes, ['create', 'namespace', namespace]);
  await kubectl(kubernetes, ['create', 'secret', 'generic', 'nacos-login', '-n', namespace, ...login]);
  const values = [
    `nacos.servers={${nacos.host}:${nacos.port}}`,
    'nacos.existingSecret=nacos-login',
    'rollout.enabled=true',
    'secrets.mirror=true',
    'secrets.export=true',
  ];
  const args = ['install', release, chart, '--namespace', namespace, '--kubeconfig', kubernetes.kubeconfig];
  // Nothing of the user's own helm settings is read or changed.
  const homes = ['HELM_CACHE_HOME', 'HELM_CONFIG_HOME', 'HELM_DATA_HOME'].map((home) => [home, join(dir, home)]);
  const env = { ...process.env, ...(Object.fromEntries(homes) as Record<string, string>) };
  await promisify(execFile)(binary('helm'), [...args, ...values.flatMap((value) => ['--set', value])], { env });
}

/** The container's arguments without what is replaced, with the pod's variables filled in. */
function deploymentArgs(args: readonly string[]): string[] {
  const isKept = (arg: string): boolean => !replacedOptions.some((option) => arg.startsWith(`--${option}=`));
  const variables: Record<string, string> = { POD_NAME: `${release}-0`, POD_NAMESPACE: namespace };
  return args
    .filter(isKept)
    .map((arg) => arg.replaceAll(/\$\((\w+)\)/g, (all, name: string) => variables[name] ?? all));
}

function kubeconfigOf(kubernetes: KubernetesServer, token: string): unknown {
  const cluster = { server: kubernetes.server, 'certificate-authority': kubernetes.caFile };
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'real', cluster }],
    users: [{ name: 'operator', user: { token } }],
    contexts: [{ name: 'real', context: { cluster: 'real', user: 'operator' } }],
    'current-context': 'real',
  };
}

/** @throws Error with what kubectl said. */
export async function kubectl(kubernetes: KubernetesServer, args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await kubernetes.kubectl(args, input);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}
