import assert from 'node:assert/strict';
import { type GuideFacts, renderGuide } from '../../../sandbox/demonstration/terminal/guide.ts';

const kubernetes = { isEmbedded: true, kubeconfigFile: '/tmp/nacos-bridge-sandbox-AbCdEf/kubeconfig' };
const server = { scheme: 'http', host: '127.0.0.1', port: 38848, contextPath: '/nacos', grpcPort: 39848 } as const;
const nacos = {
  credentials: undefined,
  facts: { server, serverVersion: '3.1.0', capabilities: { adminApi: 'v3' } },
} as const;
const facts: GuideFacts = {
  kubernetes,
  nacos,
  namespace: 'demo',
  nacosNamespace: '',
  operator: { metricsUrl: 'http://127.0.0.1:45678/metrics' },
  folder: { logFile: '/tmp/nacos-bridge-sandbox-AbCdEf/operator.log' },
};
const withAdminApi = (adminApi: 'v1' | 'none') => {
  return { nacos: { ...nacos, facts: { ...nacos.facts, capabilities: { adminApi } } } };
};

describe('the guide of a sandbox', () => {
  it('says how to reach both sides, in lines of at most 80 columns', () => {
    const text = renderGuide(facts);
    assert.match(text, /^ {2}export KUBECONFIG=\/tmp\/nacos-bridge-sandbox-AbCdEf\/kubeconfig$/m);
    assert.match(text, /^ {2}127\.0\.0\.1:38848$/m);
    assert.match(text, /gRPC 127\.0\.0\.1:39848, no login/);
    assert.match(text, /http:\/\/127\.0\.0\.1:45678\/metrics/);
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
  });

  const variants: { what: string; change: Partial<GuideFacts>; has: RegExp; lacks: RegExp }[] = [
    {
      what: 'the API of 3.x',
      change: {},
      has: /\/nacos\/v3\/admin\/cs\/config.*groupName=shop/s,
      lacks: /v1|accessToken/,
    },
    { what: 'the API of 2.x', change: withAdminApi('v1'), has: /\/nacos\/v1\/cs\/configs.* group=shop/s, lacks: /v3/ },
    { what: 'no API that a server lacks', change: withAdminApi('none'), has: /kubectl/, lacks: /curl/ },
    {
      what: 'a token where there is a login, and never the password',
      change: { nacos: { ...nacos, credentials: { username: 'nacos', password: 'marker' } } },
      has: /user nacos.*accessToken=TOKEN.*\/v3\/auth\/user\/login/s,
      lacks: /marker/,
    },
    { what: 'a Nacos namespace', change: { nacosNamespace: 'dev' }, has: /namespaceId=dev/, lacks: /tenant/ },
    {
      what: 'the namespace on a cluster that is not ours',
      change: { kubernetes: { ...kubernetes, isEmbedded: false }, namespace: 'demo-1a2b3c' },
      has: /kubectl -n demo-1a2b3c scale/,
      lacks: /kubectl scale/,
    },
    {
      what: 'a path with a blank in quotes',
      change: { kubernetes: { ...kubernetes, kubeconfigFile: '/a b' } },
      has: /KUBECONFIG='\/a b'/,
      lacks: /=\/a/,
    },
  ];
  for (const { what, change, has, lacks } of variants) {
    it(`uses ${what}`, () => {
      const text = renderGuide({ ...facts, ...change });
      assert.match(text, has);
      assert.doesNotMatch(text, lacks);
    });
  }
});
