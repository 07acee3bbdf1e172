/**
 * What a person can do with a sandbox that runs: how to reach both sides, and what to try, to be copied into another
 * terminal. Pure.
 */
import { type Credentials, grpcTarget, hostAndPort, httpBase } from '../../../operator/nacos/index.ts';
import type { KubernetesSide } from '../kubernetes-side.ts';
import type { NacosSide } from '../nacos-side.ts';

/** Of a sandbox. */
export interface GuideFacts {
  readonly kubernetes: Pick<KubernetesSide, 'isEmbedded' | 'kubeconfigFile'>;
  readonly nacos: {
    readonly credentials: Credentials | undefined;
    readonly facts: Pick<NacosSide['facts'], 'server' | 'serverVersion'> & {
      readonly capabilities: { readonly adminApi: 'v3' | 'v1' | 'none' };
    };
  };
  readonly namespace: string;
  readonly nacosNamespace: string;
  readonly operator: { readonly metricsUrl: string };
  readonly folder: { readonly logFile: string };
}

export function renderGuide(sandbox: GuideFacts): string {
  const { kubernetes, namespace, folder, operator } = sandbox;
  const { credentials, facts } = sandbox.nacos;
  const { server, serverVersion } = facts;
  // In the embedded cluster, commands without `-n` are about it.
  const kubectl = kubernetes.isEmbedded ? 'kubectl' : `kubectl -n ${namespace}`;
  const version = serverVersion ? ` ${serverVersion}` : '';
  const login = credentials ? `user ${credentials.username}` : 'no login';
  const lines = [
    'Kubernetes, for kubectl:',
    `  export KUBECONFIG=${shellWord(kubernetes.kubeconfigFile)}`,
    `Nacos${version}, for any SDK (gRPC ${grpcTarget(server)}, ${login}):`,
    `  ${hostAndPort(server)}`,
    `Metrics: ${operator.metricsUrl}`,
    `Log:     ${folder.logFile}`,
    '',
    'To try in another terminal:',
    `  ${kubectl} get nacos`,
    `  ${kubectl} scale deployment storefront --replicas=3`,
    `  ${kubectl} edit nacosconfig orders.yaml`,
    ...publishCommand(sandbox),
    `  ${kubectl} get configmap features -o yaml`,
  ];
  return lines.join('\n');
}

/** By which a config is published in Nacos as its console would. */
function publishCommand({ nacos: { credentials, facts }, nacosNamespace }: GuideFacts): string[] {
  const { adminApi } = facts.capabilities;
  const { server } = facts;
  if (adminApi === 'none') return [];
  const isV3 = adminApi === 'v3';
  const path = isV3 ? '/v3/admin/cs/config' : '/v1/cs/configs';
  const group = isV3 ? 'groupName' : 'group';
  const namespace = nacosNamespace === '' ? '' : ` -d ${isV3 ? 'namespaceId' : 'tenant'}=${nacosNamespace}`;
  const loginPath = isV3 ? '/v3/auth/user/login' : '/v1/auth/login';
  const token = credentials ? ' -d accessToken=TOKEN' : '';
  return [
    `  curl ${shellWord(`${httpBase(server)}${path}`)} \\`,
    `    -d dataId=features.json -d ${group}=shop -d type=json${namespace}${token} \\`,
    `    --data-urlencode 'content={"newCheckout": true}'`,
    ...(credentials ? [`    # TOKEN: accessToken of POST ${httpBase(server)}${loginPath}`] : []),
  ];
}

/** As a shell reads it as one word. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
