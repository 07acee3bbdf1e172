import assert from 'node:assert/strict';
import type { NacosConfig } from '../../operator/api/resources.ts';
import { finalizeConfig, finalizeEvent } from '../../operator/config-sync/finalize.ts';
import { Allowance } from '../../operator/connections/allowance.ts';
import type { ConnectionHandle } from '../../operator/connections/connection-directory.ts';
import { BridgeError } from '../../operator/errors.ts';

const resource = {
  metadata: { name: 'app', namespace: 'shop', deletionTimestamp: '2026-01-01T00:00:00Z' },
  spec: { group: 'g', content: 'text' },
} as NacosConfig;

describe('the deletion of a NacosConfig', () => {
  it('leaves a dataId that its connection does not allow any more, and asks nothing of Nacos', async () => {
    const allowance = new Allowance({ title: 'NacosConnection main', rules: [{ groups: ['elsewhere'] }] });
    const connection = { title: '', servers: [], namespaceId: '', allowance } as Partial<ConnectionHandle>;
    const outcome = await finalizeConfig({
      resource,
      connection: () => connection as ConnectionHandle,
      mark: 'nacos-bridge-1',
      placeOf: () => assert.fail('Nacos must not be asked'),
      loss: async () => undefined,
      base: { md5: 'm', place: undefined, isOurs: true },
    });
    assert.equal(outcome.kind, 'leave');
    const event = finalizeEvent(outcome, resource);
    assert.equal(event?.reason, 'LeftInNacos');
    assert.match(event?.note ?? '', /NacosConnection main does not allow the group 'g'/);
  });

  const away = new BridgeError('CONNECTION_NOT_READY', 'Nacos is away');
  const missing = () => {
    throw new BridgeError('CONNECTION_NOT_READY', "Secret 'login' does not exist");
  };
  const unrestricted = {
    title: '',
    servers: [],
    namespaceId: '',
    allowance: new Allowance({ title: '', rules: undefined }),
  };
  const usable = () => unrestricted as Partial<ConnectionHandle> as ConnectionHandle;
  const input = {
    resource,
    connection: missing,
    placeOf: async () => Promise.reject(away),
    mark: 'nacos-bridge-1',
    base: undefined,
  };

  it('leaves the dataId, and says so, when the connection is lost for good', async () => {
    const outcome = await finalizeConfig({ ...input, loss: async () => 'the Secret is gone' });
    const { note, reason, type } = finalizeEvent(outcome, resource) ?? {};
    assert.deepEqual([type, reason], ['Warning', 'LeftInNacos']);
    assert.match(note ?? '', /dataId 'app' of group 'g'.*cannot be asked any more: the Secret is gone/);
  });

  it('waits while the connection may come back', async () => {
    await assert.rejects(finalizeConfig({ ...input, loss: async () => undefined }), /Secret 'login' does not exist/);
  });

  it('waits for Nacos while there is a client still, whatever else is gone', async () => {
    const loss = () => assert.fail('it must not matter');
    await assert.rejects(finalizeConfig({ ...input, connection: usable, loss }), away);
  });
});
