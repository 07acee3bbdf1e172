/**
 * The official Go and Python SDKs of Nacos against the embedded server, and against the real one of the same generation
 * as the baseline: what the embedded one answers is right when applications cannot tell the two apart.
 *
 * Each case runs in several places at once: with either server, and with either SDK as the one that writes and the other
 * as the one that sees it. A failure names its place.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { startNacosPython } from '../testbed/nacos-python.ts';
import { NacosSdk } from '../testbed/nacos-sdk.ts';
import type { NacosSdkOptions, SdkInstance } from '../testbed/nacos-sdk.ts';
import { eventually } from '../eventually.ts';
import { assertHosts, lastHosts } from './interop-hosts.ts';
import { outcomesOf, outcomesOfImpostor } from './interop-refusals.ts';
import { startEmbeddedServer, startRealServer } from './interop-servers.ts';
import type { InteropServer } from './interop-servers.ts';
import { nacosVersion } from './shared-world.ts';

const sdks = { Go: (options: NacosSdkOptions) => NacosSdk.start(options), Python: startNacosPython };
type SdkName = keyof typeof sdks;

/** A server with a client of each SDK. */
interface Place {
  readonly server: InteropServer;
  readonly clients: Readonly<Record<SdkName, NacosSdk>>;
  /** Of the login before the clients started; it expires first. */
  readonly oldToken: string;
  readonly startedAtMs: number;
}

/** One SDK writes, the other sees. */
interface Direction {
  readonly writer: NacosSdk;
  readonly reader: NacosSdk;
  /** A name that no other case uses. */
  fresh(what: string): string;
}

const group = 'interop';
/** The Python SDK takes a token for expired ten seconds early, the Go SDK renews it after nine tenths of its life. */
const shortTokenSeconds = 20;
/** Pushes are sooner, but both SDKs also look by themselves every five seconds. */
const soonMs = 10_000;
/** The Python SDK registers again only every thirty seconds. */
const reconnectLimitMs = 45_000;

const plain: SdkInstance = { ip: '198.18.0.1', port: 8080, clusterName: 'DEFAULT' };
const rich: SdkInstance = {
  ip: '198.18.0.2',
  port: 8081,
  weight: 2.5,
  clusterName: 'zone-a',
  metadata: { version: '2', 'k8s.zone': 'ä' },
};
const third: SdkInstance = { ip: '198.18.0.3', port: 8082, clusterName: 'DEFAULT' };

describe(`the official Go and Python SDKs with the embedded and the real Nacos ${nacosVersion}`, function () {
  this.timeout(60_000);

  let servers: InteropServer[] = [];
  let places: Place[] = [];
  const running = new Set<NacosSdk>();
  let names = 0;

  before(async function () {
    this.timeout(180_000);
    servers = await Promise.all([startEmbeddedServer(nacosVersion, shortTokenSeconds), startRealServer(nacosVersion)]);
  });

  after(async function () {
    this.timeout(60_000);
    for (const sdk of running) await sdk.stop();
    for (const server of servers) await server.stop();
  });

  async function client(name: SdkName, options: NacosSdkOptions): Promise<NacosSdk> {
    const sdk = await sdks[name](options);
    running.add(sdk);
    return sdk;
  }

  async function pair(server: InteropServer): Promise<Record<SdkName, NacosSdk>> {
    return { Go: await client('Go', server), Python: await client('Python', server) };
  }

  function fresh(what: string): string {
    names += 1;
    return `${what}-${names}`;
  }

  async function everywhere(run: (direction: Direction) => Promise<void>): Promise<void> {
    await Promise.all(
      places.flatMap(({ server, clients: { Go, Python } }) => [
        named(`${server.title}: Go writes, Python sees`, run({ writer: Go, reader: Python, fresh })),
        named(`${server.title}: Python writes, Go sees`, run({ writer: Python, reader: Go, fresh })),
      ]),
    );
  }

  it('register, subscribe and listen again when the server was restarted', async function () {
    this.timeout(180_000);
    const work = servers.map(async (server) => {
      const clients = await pair(server);
      for (const [name, sdk] of Object.entries(clients)) {
        await sdk.publish(group, name, 'before');
        await sdk.listen(group, name);
        await sdk.push((push) => push.content === 'before', soonMs);
        await sdk.registerInstance(group, name, plain);
        await sdk.subscribe(group, 'seen');
      }
      await server.restart(shortTokenSeconds);
      const observer = await client('Go', server);
      await observer.registerInstance(group, 'seen', rich);
      for (const [name, sdk] of Object.entries(clients)) {
        await observer.subscribe(group, name);
        const again = async (): Promise<void> => assertHosts(lastHosts(observer, name), [plain]);
        await named(`${name} registers`, eventually(reconnectLimitMs, again));
        await observer.publish(group, name, 'after');
        await named(
          `${name} listens`,
          sdk.push((push) => push.content === 'after', reconnectLimitMs),
        );
        const seen = async (): Promise<void> => assertHosts(lastHosts(sdk, 'seen'), [rich]);
        await named(`${name} subscribes`, eventually(reconnectLimitMs, seen));
      }
      for (const sdk of [...Object.values(clients), observer]) {
        await sdk.stop();
        running.delete(sdk);
      }
    });
    await Promise.all(work.map((one, index) => named(servers[index]!.title, one)));
  });

  describe('with tokens that soon expire', () => {
    before(async () => {
      places = await Promise.all(
        servers.map(async (server) => {
          const oldToken = await server.login();
          return { server, oldToken, clients: await pair(server), startedAtMs: performance.now() };
        }),
      );
    });

    it('read what was published, and nothing where nothing is', () =>
      everywhere(async ({ writer, reader, fresh }) => {
        const dataId = fresh('read.yaml');
        assert.equal(await reader.get(group, dataId), undefined);
        for (const content of ['a: 1\n', 'ünïcödé: 💡\r\n\ttab "quote" \\ end ', 'x'.repeat(200_000)]) {
          await writer.publish(group, dataId, content);
          await eventually(soonMs, async () => assert.equal(await reader.get(group, dataId), content));
        }
        await writer.remove(group, dataId);
        await eventually(soonMs, async () => assert.equal(await reader.get(group, dataId), undefined));
      }));

    it('hear of a config that is made, changed, removed and made again', () =>
      everywhere(async ({ writer, reader, fresh }) => {
        const dataId = fresh('heard');
        await reader.listen(group, dataId);
        for (const content of ['first', 'second', undefined, 'third']) {
          if (content === undefined) await writer.remove(group, dataId);
          else await writer.publish(group, dataId, content);
          await reader.push((push) => push.dataId === dataId && push.content === (content ?? ''), soonMs);
        }
      }));

    it('hear nothing of a config that they stopped listening to', () =>
      everywhere(async ({ writer, reader, fresh }) => {
        const [dropped, kept] = [fresh('dropped'), fresh('kept')];
        for (const dataId of [dropped, kept]) {
          await writer.publish(group, dataId, 'before');
          await reader.listen(group, dataId);
        }
        for (const dataId of [dropped, kept]) {
          await reader.push((push) => push.dataId === dataId && push.content === 'before', soonMs);
        }
        await reader.unlisten(group, dropped);
        for (const dataId of [dropped, kept]) await writer.publish(group, dataId, 'after');
        await reader.push((push) => push.dataId === kept && push.content === 'after', soonMs);
        const heard = reader.pushes.filter(({ dataId }) => dataId === dropped).map(({ content }) => content);
        assert.deepEqual(heard, ['before']);
      }));

    it('publish by CAS what is based on the present content, and are refused otherwise', () =>
      everywhere(async ({ writer, reader, fresh }) => {
        const dataId = fresh('cas');
        await writer.casPublish(group, dataId, 'one', md5('anything'));
        await writer.casPublish(group, dataId, 'two', md5('one'));
        await assert.rejects(writer.casPublish(group, dataId, 'three', md5('one')), /Cas publish fail/);
        await eventually(soonMs, async () => assert.equal(await reader.get(group, dataId), 'two'));
      }));

    it('see an instance come, change and go', () =>
      everywhere(async ({ writer, reader, fresh }) => {
        const service = fresh('instance');
        await reader.subscribe(group, service);
        for (const host of [plain, rich]) {
          await writer.registerInstance(group, service, host);
          await eventually(soonMs, async () => assertHosts(lastHosts(reader, service), [host]));
        }
        await writer.deregisterInstance(group, service, rich);
        await eventually(soonMs, async () => assertHosts(lastHosts(reader, service), []));
      }));

    it('see a batch replaced, with members that are not healthy, and without those that are disabled', () =>
      everywhere(async ({ writer, reader, fresh }) => {
        const service = fresh('batch');
        await reader.subscribe(group, service);
        const batches: { readonly sent: readonly SdkInstance[]; readonly seen?: readonly SdkInstance[] }[] = [
          { sent: [plain, rich, third] },
          { sent: [rich, third] },
          { sent: [plain, { ...rich, unhealthy: true }] },
          { sent: [plain, { ...rich, disabled: true }], seen: [plain] },
          { sent: [plain, rich] },
        ];
        for (const { sent, seen = sent } of batches) {
          await writer.registerBatch(group, service, sent);
          await eventually(soonMs, async () => assertHosts(lastHosts(reader, service), seen));
        }
      }));

    it('see one host where two clients register the same, and two where they differ', () =>
      everywhere(async ({ writer, reader, fresh }) => {
        const service = fresh('twins');
        const other = { ...plain, metadata: { from: 'the other' } };
        const heavy = { ...plain, weight: 3 };
        const seen = (hosts: readonly SdkInstance[]): Promise<void> =>
          eventually(soonMs, async () => assertHosts(lastHosts(reader, service), hosts));
        await reader.subscribe(group, service);
        await reader.registerInstance(group, service, plain);
        await seen([plain]);
        await writer.registerInstance(group, service, other);
        await seen([plain, other]);
        await writer.registerInstance(group, service, plain);
        await seen([plain]);
        await writer.registerInstance(group, service, heavy);
        await seen([plain, heavy]);
        await reader.deregisterInstance(group, service, plain);
        await seen([heavy]);
      }));

    it('ask for the instances of a service, and for the services of a group by pages', () =>
      everywhere(async ({ writer, reader, fresh }) => {
        const ownGroup = fresh('group');
        const services = ['a', 'b', 'c'].map((name) => `${ownGroup}-${name}`);
        for (const service of services) await writer.registerBatch(ownGroup, service, [plain, rich]);
        const [first = ''] = services;
        await eventually(soonMs, async () => assertHosts(await reader.instances(ownGroup, first), [plain, rich]));
        const pages = [await reader.services(ownGroup, 1, 2), await reader.services(ownGroup, 2, 2)];
        assert.deepEqual(
          pages.map(({ names: page, count }) => ({ onPage: page.length, count })),
          [
            { onPage: 2, count: 3 },
            { onPage: 1, count: 3 },
          ],
        );
        assert.deepEqual(pages.flatMap(({ names: page }) => page).toSorted(), services);
      }));

    it('hear nothing of a service that they stopped subscribing to', () =>
      everywhere(async ({ writer, reader, fresh }) => {
        const [dropped, kept] = [fresh('dropped'), fresh('kept')];
        for (const service of [dropped, kept]) {
          await reader.subscribe(group, service);
          await writer.registerInstance(group, service, plain);
        }
        for (const service of [dropped, kept]) {
          await eventually(soonMs, async () => assertHosts(lastHosts(reader, service), [plain]));
        }
        await reader.unsubscribe(group, dropped);
        for (const service of [dropped, kept]) await writer.registerInstance(group, service, third);
        await eventually(soonMs, async () => assertHosts(lastHosts(reader, kept), [third]));
        assertHosts(lastHosts(reader, dropped), [plain]);
      }));

    it('keep a persistent instance without its client until somebody deregisters it', () =>
      everywhere(async ({ writer, reader, fresh }) => {
        const service = fresh('persistent');
        // Of this machine, should the server ever dial it.
        const lasting = { ...plain, ip: '127.0.0.9', persistent: true };
        await reader.subscribe(group, service);
        await writer.registerInstance(group, service, lasting);
        await eventually(soonMs, async () => assertHosts(lastHosts(reader, service), [lasting]));
        await reader.deregisterInstance(group, service, lasting);
        await eventually(soonMs, async () => assertHosts(lastHosts(reader, service), []));
      }));

    for (const name of ['Go', 'Python'] as const) {
      it(`are refused the same in the same words (${name})`, async () => {
        const outcomes = await Promise.all(places.map(({ clients }) => outcomesOf(clients[name])));
        const [embedded, real] = outcomes;
        assert.deepEqual(embedded, real);
        assert.match(String(real?.['a dataId with a blank']), /'dataId' is illegal/);
      });

      it(`are refused with a wrong password, and as a user that is not there (${name})`, async () => {
        for (const wrong of [{ password: 'wrong' }, { username: 'nobody' }]) {
          const impostors = await Promise.all(places.map(({ server }) => client(name, { ...server, ...wrong })));
          const [embedded, real] = await Promise.all(impostors.map(outcomesOfImpostor));
          assert.deepEqual(embedded, real);
          for (const outcome of Object.values(real ?? {})) assert.match(String(outcome), /Error/);
        }
      });
    }

    it('go on with new tokens when theirs have expired', () =>
      Promise.all(
        places.map(async ({ server, clients, oldToken, startedAtMs }) => {
          const expiredAtMs = startedAtMs + (shortTokenSeconds + 1) * 1000;
          while (performance.now() < expiredAtMs) await new Promise((resolve) => setTimeout(resolve, 100));
          assert.equal(await server.accepts(oldToken), false, `${server.title} accepts an expired token`);
          for (const [name, sdk] of Object.entries(clients)) {
            await named(`${server.title}: ${name} publishes`, sdk.publish(group, `late-${name}`, 'content'));
            await named(`${server.title}: ${name} registers`, sdk.registerInstance(group, `late-${name}`, plain));
          }
        }),
      ).then(() => {}));
  });
});

/** Says in an error where it happened. */
async function named<T>(place: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error) error.message = `${place}: ${error.message}`;
    throw error;
  }
}

function md5(content: string): string {
  return createHash('md5').update(content).digest('hex');
}
