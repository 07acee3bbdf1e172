import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { NacosClient } from '../../../operator/nacos/client.ts';
import { isBridgeError } from '../../../operator/errors.ts';
import { startEmbeddedNacos } from '../../../sandbox/nacos/embedded-nacos.ts';
import type { EmbeddedNacos } from '../../../sandbox/nacos/embedded-nacos.ts';
import { clientFor, stopAll as stopClients } from '../../nacos/client-for.ts';
import { until } from '../../nacos/until.ts';
import { connectedClient, embeddedNacos, stopAll } from './raw-nacos-client.ts';

afterEach(async () => {
  await stopClients();
  await stopAll();
});

const key = { namespaceId: '', group: 'DEFAULT_GROUP', dataId: 'app.yaml' };
const options = { cas: 'none', type: 'yaml' } as const;

function addressOf({ grpcPort, host, port }: EmbeddedNacos) {
  return { address: { scheme: 'http', host, port, contextPath: '/nacos', grpcPort } } as const;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

describe('an embedded Nacos', () => {
  it('serves gRPC 1000 above HTTP, beside others', async () => {
    const [one, other] = await Promise.all([embeddedNacos(), embeddedNacos()]);
    assert.equal(one.grpcPort, one.port + 1000);
    assert.notEqual(one.port, other.port);
    await connectedClient(one);
    await connectedClient(other);
  });

  for (const [which, offset] of [
    ['port', 0],
    ['port for gRPC', 1000],
  ] as const) {
    it(`names its ${which} when it is taken, and leaves nothing open`, async () => {
      const taken = createServer();
      await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
      const { port } = taken.address() as AddressInfo;
      try {
        await assert.rejects(startEmbeddedNacos({ port: port - offset }), (error) => {
          return isBridgeError(error, 'INVALID_OPTION') && error.message.includes(`port ${port}`);
        });
        if (offset !== 0) assert.equal(await isListening(port - offset), false);
      } finally {
        taken.close();
      }
    });
  }

  it('is away in an outage, and back on the same ports with its configs', async () => {
    const nacos = await embeddedNacos();
    const { grpcPort, port } = nacos;
    const client = await connectedClient(nacos);
    await client.call('ConfigPublishRequest', { dataId: 'a', group: 'DEFAULT_GROUP', tenant: '', content: 'x' });
    await nacos.stopServing();
    assert.deepEqual([await isListening(port), await isListening(grpcPort)], [false, false]);
    assert.equal(nacos.connections, 0);
    await nacos.startServing();
    assert.deepEqual([nacos.port, nacos.grpcPort, nacos.counts.configs], [port, grpcPort, 1]);
    await connectedClient(nacos);
  });

  it('forgets the ephemeral instances of its clients in a restart', async () => {
    const nacos = await embeddedNacos({ pushDelayMs: 0 });
    const client = await connectedClient(nacos, 'naming');
    const instance = { ip: '10.0.0.1', port: 80, ephemeral: true };
    const names = { namespace: 'public', serviceName: 's', groupName: 'DEFAULT_GROUP' };
    await client.call('InstanceRequest', { ...names, type: 'registerInstance', instance });
    assert.equal(nacos.counts.instances, 1);
    await nacos.restart();
    assert.equal(nacos.counts.instances, 0);
  });

  it('may be stopped twice', async () => {
    const nacos = await embeddedNacos();
    await nacos.stop();
    await nacos.stop();
  });
});

for (const generation of ['3.1', '2.3'] as const) {
  describe(`the client of this project with an embedded Nacos of ${generation}`, () => {
    const auth = { password: 'secret' };
    const credentials = { username: 'nacos', password: 'secret' };

    async function started(dumpDelayMs = 0): Promise<{ nacos: EmbeddedNacos; client: NacosClient }> {
      const nacos = await embeddedNacos({ generation, auth, dumpDelayMs });
      const { client, connected } = clientFor([addressOf(nacos)], { credentials });
      await connected();
      return { nacos, client };
    }

    it('publishes once only by create-only', async () => {
      const { client } = await started();
      const createOnly = { ...options, cas: 'create-only' } as const;
      await client.config.publish(key, 'a: 1', createOnly);
      await assert.rejects(client.config.publish(key, 'a: 2', createOnly), { code: 'NACOS_CAS_FAILED' });
    });

    it('reads by the admin API what it published', async () => {
      const { client } = await started(200);
      const said = { description: 'about', tags: ['a', 'b'], srcUser: 'me', appName: 'orders' };
      const { md5 } = await client.config.publish(key, 'a: 1', { ...options, ...said });
      const found = await client.admin.getConfig(key);
      assert.deepEqual(
        [found?.content, found?.md5, found?.type, found?.description, found?.tags, found?.srcUser, found?.appName],
        ['a: 1', md5, 'yaml', said.description, said.tags, said.srcUser, said.appName],
      );
      assert.equal((await client.admin.serverState()).version.slice(0, 3), generation);
    });

    it('hears of the writes of others, also after a restart', async () => {
      const { client, nacos } = await started(20);
      const contents: (string | undefined)[] = [];
      client.config.watch(key, (seen) => contents.push(seen.kind === 'present' ? seen.snapshot.content : undefined));
      await until('absent', () => contents.length === 1);
      const { client: other, connected } = clientFor([addressOf(nacos)], { credentials });
      await connected();
      await other.config.publish(key, 'a: 1', options);
      await until('first', () => contents.at(-1) === 'a: 1');
      await nacos.restart();
      await until('both again', () => nacos.connections === 2);
      await other.config.publish(key, 'a: 2', options);
      await until('second', () => contents.at(-1) === 'a: 2');
      await other.config.remove(key);
      await until('removed', () => contents.at(-1) === undefined);
      assert.deepEqual(contents, [undefined, 'a: 1', 'a: 2', undefined]);
    });

    it('connects again when it is asked to', async () => {
      const { client, nacos } = await started();
      await nacos.resetConnections();
      await until('connected', () => nacos.connections === 1 && client.state.kind === 'connected');
      await client.config.publish(key, 'a: 1', options);
    });
  });
}
