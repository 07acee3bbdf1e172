/**
 * What a pod of the small kubelet is given before its process starts: its environment, Secrets as files, and a kubeconfig
 * with a token of its ServiceAccount. Read once a pod, so that a process can be restarted while the API server is away.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeClient } from '../../operator/kube/client.ts';
import type { Pod } from './kubelet-pod.ts';
import { kubeconfigText } from './kubernetes-folder.ts';
import type { KubernetesServer } from './kubernetes.ts';

/** Longer than any test: tokens are not refreshed here. */
const tokenSeconds = 8 * 3600;

export interface Mounts {
  readonly env: Readonly<Record<string, string>>;
  /** An argument with its variables filled in, and the folders of this machine in the place of mounts. */
  readonly localise: (argument: string) => string;
}

export interface MountOptions {
  readonly kubernetes: KubernetesServer;
  readonly client: KubeClient;
  /** Of the pod's own. */
  readonly folder: string;
  readonly address: string;
  /** Where the pod finds the API server, as a URL. */
  readonly server: string;
}

export async function mountPod(pod: Pod, options: MountOptions): Promise<Mounts> {
  const { folder, address } = options;
  const [container] = pod.spec.containers;
  const kubeconfig = await writeKubeconfig(pod, options);
  const env: Record<string, string> = { KUBECONFIG: kubeconfig };
  const fields: Record<string, string | undefined> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'status.podIP': address,
  };
  for (const { name, value, valueFrom } of container?.env ?? []) {
    const { fieldRef, secretKeyRef } = valueFrom ?? {};
    const read = secretKeyRef
      ? (await readSecret(options.client, pod, secretKeyRef.name))[secretKeyRef.key]
      : fields[fieldRef?.fieldPath ?? ''];
    env[name] = value ?? read ?? '';
  }
  const mounted: { readonly from: string; readonly to: string }[] = [];
  for (const { name, mountPath } of container?.volumeMounts ?? []) {
    const secret = pod.spec.volumes?.find((volume) => volume.name === name)?.secret;
    if (!secret) continue;
    const to = join(folder, name);
    await mkdir(to, { recursive: true });
    const data = await readSecret(options.client, pod, secret.secretName);
    const items = secret.items ?? Object.keys(data).map((key) => ({ key, path: key }));
    for (const { key, path } of items) await writeFile(join(to, path), data[key] ?? '', { mode: 0o600 });
    mounted.push({ from: mountPath, to });
  }
  const localise = (argument: string): string => {
    const filled = argument.replaceAll(/\$\((\w+)\)/g, (all, variable: string) => env[variable] ?? all);
    const local = mounted.reduce((text, { from, to }) => text.replaceAll(from, to), filled);
    return local.replace(/^(--bind-address=)(0\.0\.0\.0|::)$/, `$1${address}`);
  };
  return { env, localise };
}

async function writeKubeconfig(pod: Pod, { kubernetes, client, folder, server }: MountOptions): Promise<string> {
  const account = pod.spec.serviceAccountName ?? 'default';
  const spec = { expirationSeconds: tokenSeconds };
  const { status } = await client.request<{ readonly status: { readonly token: string } }>({
    method: 'POST',
    path: `/api/v1/namespaces/${pod.metadata.namespace}/serviceaccounts/${account}/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec },
  });
  const file = join(folder, 'kubeconfig');
  await writeFile(file, kubeconfigText(kubernetes.dir, server, account, status.token), { mode: 0o600 });
  return file;
}

async function readSecret(client: KubeClient, pod: Pod, name: string): Promise<Record<string, string>> {
  const path = `/api/v1/namespaces/${pod.metadata.namespace}/secrets/${name}`;
  const { data = {} } = await client.request<{ readonly data?: Record<string, string> }>({ method: 'GET', path });
  const entries = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()] as const);
  return Object.fromEntries(entries);
}
