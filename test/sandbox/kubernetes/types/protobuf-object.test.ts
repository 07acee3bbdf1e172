import assert from 'node:assert/strict';
import { decodeProtobufObject } from '../../../../sandbox/kubernetes/types/protobuf-object.ts';

/** Bodies that kubectl 1.32 sent, in base64, and what they say. */
const bodies: readonly (readonly [command: string, body: string, object: object])[] = [
  [
    'create deployment web --image=nginx --replicas=0 --port=80',
    'azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50ErgBCh8KA3dlYhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEoYBCAASDAoKCgNhcHASA3dlYhpsCh' +
      'wKABIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEkwSLgoFbmdpbngSBW5naW54KgAyCgoAEAAYUCIAKgBCAGoAcgCAAQCIAQCQAQCiAQAaADIA' +
      'QgBKAFIAWABgAGgAggEAigEAmgEAwgEAIgIKACgAOAAaDAgAEAAYACAAKAA4ABoAIgA=',
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', labels: { app: 'web' } },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'nginx', image: 'nginx', ports: [{ containerPort: 80 }], resources: {} }] },
        },
        strategy: {},
      },
      status: { replicas: 0 },
    },
  ],
  [
    'create secret generic login --from-literal=user=joe',
    'azhzAAoMCgJ2MRIGU2VjcmV0EiYKFQoFbG9naW4SABoAIgAqADIAOABCABILCgR1c2VyEgNqb2UaABoAIgA=',
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'login' }, data: { user: 'am9l' } },
  ],
  [
    'create service nodeport web --tcp=80:http',
    'azhzAAoNCgJ2MRIHU2VydmljZRJrCh8KA3dlYhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEkQKHgoHODAtaHR0cBIDVENQGFAiCggBEAAaBGh0dH' +
      'AoABIKCgNhcHASA3dlYhoAIghOb2RlUG9ydDoAQgBSAFoAYABoABoCCgAaACIA',
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', labels: { app: 'web' } },
      spec: {
        ports: [{ name: '80-http', protocol: 'TCP', port: 80, targetPort: 'http' }],
        selector: { app: 'web' },
        type: 'NodePort',
      },
      status: { loadBalancer: {} },
    },
  ],
  [
    'auth can-i get pods',
    'azhzAAoyChdhdXRob3JpemF0aW9uLms4cy5pby92MRIXU2VsZlN1YmplY3RBY2Nlc3NSZXZpZXcSPAoQCgASABoAIgAqADIAOABCABIeChwKB2RlZmF1' +
      'bHQSA2dldBoAIgAqBHBvZHMyADoAGggIABIAGgAgABoAIgA=',
    {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      metadata: {},
      spec: { resourceAttributes: { namespace: 'default', verb: 'get', resource: 'pods' } },
      status: {},
    },
  ],
];

describe('An object in protobuf', () => {
  for (const [command, body, object] of bodies) {
    it(`is read as it was meant by kubectl ${command}`, () => {
      assert.deepEqual(decodeProtobufObject(Buffer.from(body, 'base64')), object);
    });
  }

  it('is refused when it is none, ends too early, or is of a kind that is unknown', () => {
    const envelope = Buffer.concat([Buffer.from('k8s\0'), Buffer.from([10, 8, 10, 2, 0x76, 0x31, 18, 2, 0x58, 0x58])]);
    assert.throws(() => decodeProtobufObject(Buffer.from('{}')), /expected prefix/);
    assert.throws(() => decodeProtobufObject(Buffer.from(bodies[0]![1], 'base64').subarray(0, 60)), {
      reason: 'BadRequest',
    });
    assert.throws(() => decodeProtobufObject(envelope), /no kind "XX" is registered for version "v1"/);
  });
});
