/**
 * The flags of the three programs of a control plane. Paths are relative to its folder, in which they run.
 */
export type KubernetesPart = 'apiserver' | 'controllerManager' | 'etcd';

export interface KubernetesPorts {
  readonly etcd: number;
  readonly etcdPeer: number;
  readonly apiserver: number;
  readonly controllerManager: number;
}

export interface ApiserverOptions {
  readonly audit?: boolean;
  readonly apiserverArgs?: readonly string[];
}

export const programs = {
  etcd: 'etcd',
  apiserver: 'kube-apiserver',
  controllerManager: 'kube-controller-manager',
} as const satisfies Record<KubernetesPart, string>;

export const auditLogName = 'audit.log';

export const flags: Record<KubernetesPart, (ports: KubernetesPorts, options: ApiserverOptions) => string[]> = {
  etcd: (ports) => {
    const client = `http://127.0.0.1:${ports.etcd}`;
    const peer = `http://127.0.0.1:${ports.etcdPeer}`;
    return [
      '--data-dir=etcd',
      '--unsafe-no-fsync',
      '--log-level=warn',
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
    ];
  },

  apiserver: (ports, { audit = false, apiserverArgs = [] }) => [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    '--cert-dir=certs',
    `--secure-port=${ports.apiserver}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--service-cluster-ip-range=10.96.0.0/16',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    '--service-account-key-file=service-account.pub',
    '--service-account-signing-key-file=service-account.key',
    '--authorization-mode=Node,RBAC',
    '--token-auth-file=tokens.csv',
    '--allow-privileged',
    '--v=1',
    ...(audit ? ['--audit-policy-file=audit-policy.yaml', `--audit-log-path=${auditLogName}`] : []),
    // The log is read as one file: it must not be rotated in the middle of a test.
    ...(audit ? ['--audit-log-maxsize=4096'] : []),
    ...apiserverArgs,
  ],

  controllerManager: (ports) => [
    '--kubeconfig=kubeconfig-controller-manager',
    '--authentication-kubeconfig=kubeconfig-controller-manager',
    '--authorization-kubeconfig=kubeconfig-controller-manager',
    '--service-account-private-key-file=service-account.key',
    '--root-ca-file=certs/apiserver.crt',
    '--bind-address=127.0.0.1',
    `--secure-port=${ports.controllerManager}`,
    '--cert-dir=certs',
    // There is one manager a cluster: an election would only delay a restart by the old lease.
    '--leader-elect=false',
    '--concurrent-service-endpoint-syncs=5',
    // All but those of a cloud.
    '--controllers=*,-nodeipam,-route,-cloud-node-lifecycle,-service-lb-controller',
  ],
};
