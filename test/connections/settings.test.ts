import assert from 'node:assert/strict';
import type { NacosConnection } from '../../operator/api/resources.ts';
import { compileSettings, secretNameOf, sharingKey, type Secret } from '../../operator/connections/settings.ts';
import { isBridgeError } from '../../operator/errors.ts';

type Spec = NacosConnection['spec'];
const server: Spec['servers'][number] = { scheme: 'http', host: 'nacos', port: 8848, contextPath: '/nacos' };

function connection(spec: Partial<Spec> = {}): NacosConnection {
  const defaults: Spec = {
    servers: [server],
    namespaceId: '',
    publicNamespace: 'Empty',
    requestTimeoutMs: 10_000,
    updateConcurrency: 20,
  };
  return { metadata: { name: 'main', namespace: 'ns' }, spec: { ...defaults, ...spec } };
}

function secret(data: Record<string, string>): Secret {
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  return { metadata: { name: 'login', namespace: 'ns' }, data: Object.fromEntries(encoded) as Record<string, string> };
}

const auth = { password: { secretRef: { name: 'login' } } };

describe('connection settings', () => {
  it('fill in the gRPC port, and take the root for an empty context path', () => {
    const { servers } = compileSettings(
      connection({ servers: [{ ...server, port: 80, contextPath: '/' }] }),
      undefined,
    );
    assert.deepEqual(servers, [{ ...server, port: 80, contextPath: '', grpcPort: 1080 }]);
  });

  it("take 'public' for the public namespace", () => {
    assert.equal(compileSettings(connection({ namespaceId: 'public' }), undefined).namespaceId, '');
    assert.equal(compileSettings(connection({ namespaceId: 'dev' }), undefined).namespaceId, 'dev');
  });

  it('read user name and password, without the line break that editors add', () => {
    const { credentials } = compileSettings(connection({ auth }), secret({ username: 'u\n', password: ' p \r\n' }));
    assert.deepEqual(credentials, { username: 'u', password: ' p ' });
    assert.equal(secretNameOf(connection({ auth })), 'login');
    assert.equal(secretNameOf(connection()), undefined);
  });

  const missing: [string, Secret | undefined, RegExp][] = [
    ['there is no Secret', undefined, /Secret 'login'.*does not exist/],
    ['a key is missing', secret({ username: 'u' }), /Secret 'login' must have a key 'password'/],
    ['a key is empty', secret({ username: '\n', password: 'hunter2' }), /must have a key 'username'/],
  ];
  for (const [title, present, message] of missing) {
    it(`say what is missing when ${title}, and no value`, () => {
      assert.throws(
        () => compileSettings(connection({ auth }), present),
        (error) =>
          isBridgeError(error, 'REFERENCE_MISSING') &&
          message.test(error.message) &&
          !error.message.includes('hunter2'),
      );
    });
  }

  it('are shared by equal servers and credentials, in whatever order, whatever the namespace', () => {
    const settings = (spec: Partial<Spec>, password = 'p') =>
      compileSettings(connection({ auth, ...spec }), secret({ username: 'u', password }));
    const other = { ...server, host: 'other' };
    const key = sharingKey(settings({ servers: [server, other] }));
    assert.equal(sharingKey(settings({ servers: [other, server], namespaceId: 'dev' })), key);
    assert.notEqual(sharingKey(settings({ servers: [server] })), key);
    assert.notEqual(sharingKey(settings({ servers: [server, other] }, 'q')), key);
    assert.notEqual(sharingKey(settings({ servers: [server, other], requestTimeoutMs: 2000 })), key);
    assert.doesNotMatch(key, /hunter|nacos/);
  });
});
