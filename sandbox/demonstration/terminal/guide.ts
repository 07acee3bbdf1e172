/**
 * What a person can do with a sandbox that runs: how to reach both sides, and what to try, to be copied into another
 * terminal. Pure.
 */
import {
  type Credentials,
  grpcTarget,
  hostAndPort,
  httpBase,
  type ServerAddress,
} from '../../../operator/nacos/index.ts';

export interface GuideFacts {
  readonly kubeconfigFile: string;
  readonly namespace: string;
  /** Whether commands without `-n` are about another namespace. */
  readonly needsNamespace: boolean;
  readonly server: ServerAddress;
  readonly nacosNamespace: string;
  /** '' when it is not known. */
  readonly nacosVersion: string;
  readonly adminApi: 'v3' | 'v1' | 'none';
  readonly credentials: Credentials | undefined;
  readonly metricsUrl: string;
  readonly logFile: string;
}

export function renderGuide(facts: GuideFacts): string {
  const { server, credentials, namespace } = facts;
  const kubectl = facts.needsNamespace ? `kubectl -n ${namespace}` : 'kubectl';
  const version = facts.nacosVersion && ` ${facts.nacosVersion}`;
  const login = credentials ? `user ${credentials.username}` : 'no login';
  const lines = [
    'Kubernetes, for kubectl:',
    `  export KUBECONFIG=${shellWord(facts.kubeconfigFile)}`,
    `Nacos${version}, for any SDK (gRPC ${grpcTarget(server)}, ${login}):`,
    `  ${hostAndPort(server)}`,
    `Metrics: ${facts.metricsUrl}`,
    `Log:     ${facts.logFile}`,
    '',
    'To try in another terminal:',
    `  ${kubectl} get nacos`,
    `  ${kubectl} scale deployment storefront --replicas=3`,
    `  ${kubectl} edit nacosconfig orders.yaml`,
    ...publishCommand(facts),
    `  ${kubectl} get configmap features -o yaml`,
  ];
  return lines.join('\n');
}

/** By which a config is published in Nacos as its console would. */
function publishCommand({ server, adminApi, credentials, nacosNamespace }: GuideFacts): string[] {
  if (adminApi === 'none') return [];
  const isV3 = adminApi === 'v3';
  const path = isV3 ? '/v3/admin/cs/config' : '/v1/cs/configs';
  const group = isV3 ? 'groupName' : 'group';
  const namespace = nacosNamespace === '' ? '' : ` -d ${isV3 ? 'namespaceId' : 'tenant'}=${nacosNamespace}`;
  const token = credentials ? ' -d accessToken=TOKEN' : '';
  return [
    `  curl ${shellWord(`${httpBase(server)}${path}`)} \\`,
    `    -d dataId=features.json -d ${group}=shop -d type=json${namespace}${token} \\`,
    `    --data-urlencode 'content={"newCheckout": true}'`,
    ...(credentials ? [`    # TOKEN: accessToken of POST ${httpBase(server)}${loginPath(isV3)}`] : []),
  ];
}

function loginPath(isV3: boolean): string {
  return isV3 ? '/v3/auth/user/login' : '/v1/auth/login';
}

/** As a shell reads it as one word. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
