/**
 * How a pod is let in: by what its node mounts for the ServiceAccount, and the address that Kubernetes puts into its
 * environment. Read here and not by @kubernetes/client-node, whose loading takes most of a second and some 40 MB, for as long
 * as the process lives.
 *
 * Guarantee: `credentials` reads both files again, so tokens and authorities that were rotated are seen.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterAccess } from './cluster-access.ts';

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';

export interface PodPlaces {
  /** Holds `token`, `ca.crt` and `namespace`. @default where nodes mount it */
  readonly mount?: string;
  /** @default of this process */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Undefined when this process is in no pod, or in one without a ServiceAccount. */
export function loadPodAccess({ mount = mountPath, env = process.env }: PodPlaces = {}): ClusterAccess | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env;
  if (!host || !existsSync(join(mount, 'token'))) return undefined;
  const read = (name: string): string => readFileSync(join(mount, name), 'utf8').trim();
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    defaultNamespace: (existsSync(join(mount, 'namespace')) && read('namespace')) || 'default',
    credentials: async () => ({
      headers: { Authorization: `Bearer ${read('token')}` },
      tls: { ca: read('ca.crt') },
    }),
  };
}
