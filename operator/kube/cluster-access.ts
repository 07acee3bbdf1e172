/**
 * Where the API server is and how to be let in: kubeconfig files, the default chain, the ServiceAccount of a pod.
 *
 * The only file that runs code of @kubernetes/client-node, and only when it is called: loading that package costs most of a
 * second and some 40 MB, which tests, commands without a cluster and pods (pod-access.ts) must not pay. It is taken for
 * what it does best: merging kubeconfigs, exec plugins, OIDC and cloud providers. Requests are made without it.
 *
 * Guarantee: `credentials` reads every file again, so rotated tokens, CAs and client certificates are seen.
 * Caveat: `tokenFile` of a kubeconfig user is not known to the package; mounted ServiceAccount tokens are.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { BridgeError, messageOf } from '../errors.ts';
import { loadPodAccess } from './pod-access.ts';

export interface TlsMaterial {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly passphrase?: string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
}

export interface ClusterAccess {
  /** Scheme, host, port and perhaps a path prefix, without a trailing slash. */
  readonly server: string;
  /** The namespace of the context or of the pod; 'default' when neither says. */
  readonly defaultNamespace: string;
  readonly proxyUrl?: string;
  /** Credentials as of now. Reads files and may run an exec plugin: see CredentialCache. */
  credentials(): Promise<Credentials>;
}

/**
 * The order is that of other controllers: the given file, KUBECONFIG, the pod's ServiceAccount, `~/.kube/config`.
 * Throws INVALID_OPTION when none of them names a cluster.
 */
export function loadClusterAccess(kubeconfigFile?: string): ClusterAccess {
  const ofPod = kubeconfigFile === undefined && !process.env['KUBECONFIG'] ? loadPodAccess() : undefined;
  if (ofPod) return ofPod;
  const config = newKubeConfig();
  try {
    if (kubeconfigFile !== undefined) config.loadFromFile(kubeconfigFile);
    else config.loadFromDefault();
  } catch (error) {
    const source = kubeconfigFile ?? process.env['KUBECONFIG'] ?? 'the default location';
    throw new BridgeError('INVALID_OPTION', `the kubeconfig in '${source}' cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return accessOf(config);
}

function newKubeConfig(): KubeConfig {
  // The same in the sources and in the bundle.
  const file = `./kubeconfig${extname(import.meta.filename)}`;
  const library = createRequire(import.meta.url)(file) as { KubeConfig: new () => KubeConfig };
  return new library.KubeConfig();
}

function accessOf(config: KubeConfig): ClusterAccess {
  const cluster = config.getCurrentCluster();
  const context = config.getContextObject(config.getCurrentContext());
  // The package invents this cluster when it found no configuration at all.
  const invented = cluster?.name === 'cluster' && cluster.server === 'http://localhost:8080';
  if (!cluster?.server || invented) {
    throw new BridgeError('INVALID_OPTION', 'no kubeconfig names a cluster, and this process is not in a pod');
  }
  // The package refuses plain HTTP unless verification, which plain HTTP has none of, is switched off.
  if (cluster.server.startsWith('http:')) {
    config.clusters = config.clusters.map((each) => (each === cluster ? { ...each, skipTLSVerify: true } : each));
  }
  return {
    server: cluster.server.replace(/\/+$/, ''),
    defaultNamespace: context?.namespace?.trim() || 'default',
    proxyUrl: cluster.proxyUrl ?? undefined,
    credentials: () => readCredentials(config),
  };
}

interface HttpsOptions {
  headers?: Record<string, string>;
  auth?: string;
  ca?: Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  passphrase?: string;
  servername?: string;
  rejectUnauthorized?: boolean;
}

async function readCredentials(config: KubeConfig): Promise<Credentials> {
  const options: HttpsOptions = {};
  await config.applyToHTTPSOptions(options);
  const headers: Record<string, string> = { ...options.headers };
  if (options.auth !== undefined) headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  const tokenFile = tokenFileOf(config);
  // The package keeps a mounted token for a minute, and keeps a newline at its end, which is no legal header.
  if (tokenFile !== undefined) headers['Authorization'] = `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`;
  const { ca, cert, key, passphrase, servername, rejectUnauthorized } = options;
  return { headers, tls: { ca, cert, key, passphrase, servername, rejectUnauthorized } };
}

function tokenFileOf(config: KubeConfig): string | undefined {
  const provider = config.getCurrentUser()?.authProvider as { config?: { tokenFile?: unknown } } | undefined;
  const file = provider?.config?.tokenFile;
  return typeof file === 'string' ? file : undefined;
}
