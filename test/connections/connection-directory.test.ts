import assert from 'node:assert/strict';
import { ConnectionDirectory, type ConnectionHandle } from '../../operator/connections/connection-directory.ts';
import { DEFAULT_CONNECTION } from '../../operator/connections/connection-key.ts';
import { Allowance, unrestricted } from '../../operator/connections/allowance.ts';
import { BridgeError, isBridgeError } from '../../operator/errors.ts';

describe('connection directory', () => {
  const handle = { title: 'x', client: {}, namespaceId: '', allowance: unrestricted } as unknown as ConnectionHandle;
  let directory: ConnectionDirectory;
  let changed: string[];

  beforeEach(() => {
    directory = new ConnectionDirectory();
    changed = [];
    directory.onChange((key) => changed.push(key));
  });

  it('finds what was entered', () => {
    directory.set('ns/main', handle);
    assert.equal(directory.find('ns/main'), handle);
  });

  it('says what is missing, and for the default connection how to give one', () => {
    assert.throws(() => directory.find('ns/main'), /NacosConnection 'main'.*does not exist in this namespace/);
    assert.throws(() => directory.find(DEFAULT_CONNECTION), /no default connection.*`spec\.connectionRef`.*--nacos/);
  });

  it('says why a connection cannot be used', () => {
    directory.fail('ns/main', new BridgeError('REFERENCE_MISSING', 'Secret missing'));
    assert.throws(
      () => directory.find('ns/main'),
      (error) =>
        isBridgeError(error, 'CONNECTION_NOT_READY') && /'main' cannot be used: Secret missing/.test(error.message),
    );
  });

  it('tells of changes, and not of what stays the same', () => {
    directory.set('ns/main', handle);
    directory.set('ns/main', { ...handle });
    directory.set('ns/main', { ...handle, namespaceId: 'dev' });
    const allowance = new Allowance({ title: '', rules: [{ groups: ['a'] }] });
    directory.set('ns/main', { ...handle, namespaceId: 'dev', allowance });
    directory.remove('ns/main');
    directory.remove('ns/main');
    assert.deepEqual(changed, ['ns/main', 'ns/main', 'ns/main', 'ns/main']);
  });

  it('tells that a connection is established, until the listener leaves', () => {
    const ready: string[] = [];
    const leave = directory.onReady((key) => ready.push(key));
    directory.ready('ns/main');
    leave();
    directory.ready('ns/main');
    assert.deepEqual(ready, ['ns/main']);
  });
});
