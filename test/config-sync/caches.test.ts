import assert from 'node:assert/strict';
import type { NacosConfig } from '../../operator/api/resources.ts';
import { newConfigStore, SecretMetadata } from '../../operator/config-sync/caches.ts';
import type { Reflector } from '../../operator/kube/reflector.ts';
import type { KubeObject } from '../../operator/kube/resource.ts';

let version = 0;

function config(name: string, spec: object): NacosConfig {
  version += 1;
  const metadata = { name, namespace: 'ns', uid: name, resourceVersion: String(version) };
  return { metadata, spec: { group: 'DEFAULT_GROUP', ...spec } } as unknown as NacosConfig;
}

const plain = { content: 'x' };
const reading = { contentFrom: { secretKeyRef: { name: 'login', key: 'k' } } };
const writing = { source: 'Nacos', mirror: { secret: { name: 'copy' } } };

describe('the metadata of Secrets', () => {
  const configs = newConfigStore();
  let running = 0;
  let starts = 0;
  const newReflector = () => {
    const reflector = { start: () => ((running += 1), (starts += 1)), stop: async () => void (running -= 1) };
    return reflector as unknown as Reflector<KubeObject>;
  };
  const metadata = new SecretMetadata({ configs, newReflector });

  after(() => metadata.stop());

  it('is not watched while no NacosConfig names a Secret', () => {
    configs.replace([config('a', plain)]);
    metadata.start();
    configs.applyEvent('ADDED', config('b', plain));
    assert.equal(running, 0);
  });

  it('is watched once, however many name one', () => {
    configs.applyEvent('MODIFIED', config('a', reading));
    configs.applyEvent('ADDED', config('c', writing));
    assert.equal(running, 1);
  });

  it('is watched until the last of them is gone or names none any more', () => {
    const [last] = configs.list().filter(({ metadata: { name } }) => name === 'c');
    configs.applyEvent('MODIFIED', config('a', plain));
    assert.equal(running, 1);
    assert.ok(last);
    configs.applyEvent('DELETED', last);
    assert.equal(running, 0);
  });

  it('is watched again when one names a Secret again', () => {
    configs.applyEvent('MODIFIED', config('a', writing));
    assert.deepEqual([running, starts], [1, 2]);
  });
});
