import assert from 'node:assert/strict';
import type { NacosConfig } from '../../operator/api/resources.ts';
import { finalizeConfig, finalizeEvent } from '../../operator/config-sync/finalize.ts';
import { Allowance } from '../../operator/connections/allowance.ts';
import type { ConnectionHandle } from '../../operator/connections/connection-directory.ts';

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
      base: { md5: 'm', place: undefined, isOurs: true },
    });
    assert.equal(outcome.kind, 'leave');
    const event = finalizeEvent(outcome, resource);
    assert.equal(event?.reason, 'LeftInNacos');
    assert.match(event?.note ?? '', /NacosConnection main does not allow the group 'g'/);
  });
});
