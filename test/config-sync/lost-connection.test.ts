import assert from 'node:assert/strict';
import type { NacosConfig } from '../../operator/api/resources.ts';
import { lossOf, type LossClients } from '../../operator/config-sync/lost-connection.ts';
import { BridgeError } from '../../operator/errors.ts';

const going = { metadata: { name: 'shop', deletionTimestamp: '2026-01-01T00:00:00Z' } };
const staying = { metadata: { name: 'shop' } };
const servers = [{ host: 'nacos', port: 8848 }];
const connection = {
  metadata: { name: 'main' },
  spec: { servers, auth: { password: { secretRef: { name: 'login' } } } },
};
const open = { metadata: { name: 'main' }, spec: { servers } };
const secret = { metadata: { name: 'login' } };
const forbidden = new BridgeError('KUBE_FORBIDDEN', 'may not be read');

type Answer = object | BridgeError | undefined;

interface Case {
  readonly title: string;
  readonly namespace?: Answer;
  readonly connection?: Answer;
  readonly secret?: Answer;
  readonly spec?: object;
}

async function lossIn({ namespace, connection: found, secret: login, spec }: Case): Promise<string | undefined> {
  const resource = { metadata: { name: 'app', namespace: 'shop' }, spec: { connectionRef: { name: 'main' }, ...spec } };
  const answering = (answer: Answer) => ({
    async get() {
      if (answer instanceof BridgeError) throw answer;
      return answer;
    },
  });
  const clients = {
    namespaceClient: answering(namespace),
    connectionClient: answering(found),
    secretClient: answering(login),
  };
  return lossOf(resource as NacosConfig, clients as LossClients);
}

describe('a connection is lost', () => {
  it('when its Secret is gone with the namespace, and it is told where the dataId stays', async () => {
    const loss = await lossIn({ title: '', namespace: going, connection });
    assert.match(loss ?? '', /'shop' is being deleted.*Secret 'login' is gone.*'main'.*'public' of nacos:8848/);
    const spec = { namespaceId: 'prod' };
    assert.match((await lossIn({ title: '', namespace: going, connection, spec })) ?? '', /Nacos namespace 'prod'/);
  });

  it('when it is gone itself with the namespace', async () => {
    assert.match((await lossIn({ title: '', namespace: going, secret })) ?? '', /NacosConnection 'main' is gone/);
  });

  const kept: Case[] = [
    { title: 'the namespace stays, so that both may come back', namespace: staying },
    { title: 'nobody knows the namespace', connection },
    { title: 'the Secret is there', namespace: going, connection, secret },
    { title: 'it needs no login', namespace: going, connection: open },
    { title: 'the namespace may not be read', namespace: forbidden, connection },
    { title: 'the connection may not be read', namespace: going, connection: forbidden },
    { title: 'the Secret may not be read', namespace: going, connection, secret: forbidden },
    { title: "it is the operator's own", namespace: going, spec: { connectionRef: undefined } },
  ];
  for (const one of kept) {
    it(`but not when ${one.title}`, async () => assert.equal(await lossIn(one), undefined));
  }
});
