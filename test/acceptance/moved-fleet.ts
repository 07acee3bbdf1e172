/**
 * Many configs that are moved to another Nacos by one edit, of the connection or of the operator's options: an empty one gets
 * all that Kubernetes declares, in one that holds dataIds of others exactly those are conflicts, and nothing is overwritten on
 * either side. `TEST_FLEET` is how many there are. Run with embedded and with real servers of Nacos.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, hangMs } from '../eventually.ts';
import type { KubeObject } from '../scenarios/backends.ts';
import { startBridgedCluster, type BridgedCluster } from '../embedded/bridged-cluster.ts';
import type { NacosEndpoint } from '../scenarios/nacos-backend.ts';

const size = Number(process.env['TEST_FLEET'] ?? 60);
const namespace = 'default';
const apiVersion = 'bridge.nacos.io/v1alpha1';

type Source = 'Kubernetes' | 'Both' | 'Nacos';
const sources: readonly Source[] = ['Kubernetes', 'Both', 'Nacos'];
const fleet = Array.from({ length: size }, (_, index) => {
  const source = sources[index % 3] ?? 'Nacos';
  return { name: `${source.toLowerCase()}-${index}`, source, content: `content ${index}` };
});
const declared = fleet.filter(({ source }) => source !== 'Nacos');
const mirrored = fleet.filter(({ source }) => source === 'Nacos');
/** Some of both kinds that Kubernetes declares. */
const taken = declared.slice(0, Math.ceil(size / 20)).map(({ name }) => name);

interface StartedNacos {
  readonly endpoint: NacosEndpoint;
  stop(): Promise<void>;
}

export function describeMovedFleet(title: string, startNacos: () => Promise<StartedNacos>): void {
  describe(`${size} configs that are moved to another Nacos (${title})`, () => {
    const started = new AsyncDisposableStack();
    let cluster: BridgedCluster;
    let from: NacosEndpoint;

    async function newNacos(): Promise<NacosEndpoint> {
      const nacos = await startNacos();
      started.defer(() => nacos.stop());
      return nacos.endpoint;
    }

    const apply = (object: Partial<KubeObject> & Record<string, unknown>, name: string) =>
      cluster.rest.apply({ ...object, metadata: { name, namespace } } as KubeObject);
    const publish = ({ admin }: NacosEndpoint, name: string, content: string) =>
      admin.publish('', namespace, name, content);
    const held = async ({ admin }: NacosEndpoint, name: string) =>
      (await admin.getConfig('', namespace, name))?.content;

    async function connect({ host, port, grpcPort, username, password }: NacosEndpoint): Promise<void> {
      const login = `login-${port}`;
      await apply({ apiVersion: 'v1', kind: 'Secret', stringData: { username, password } }, login);
      const spec = { servers: [{ host, port, grpcPort }], auth: { password: { secretRef: { name: login } } } };
      await apply({ apiVersion, kind: 'NacosConnection', spec }, 'main');
    }

    async function create(connectionRef: object): Promise<void> {
      for (const { content, name, source } of fleet) {
        const common = { group: namespace, dataId: name, ...connectionRef };
        if (source === 'Nacos') await publish(from, name, content);
        if (source === 'Both') {
          await apply({ apiVersion: 'v1', kind: 'ConfigMap', data: { text: content } }, `source-${name}`);
        }
        const contentFrom = { configMapKeyRef: { name: `source-${name}`, key: 'text' } };
        const mirror = { configMap: { name: `mirror-${name}`, key: 'text' } };
        const rest = { Kubernetes: { content }, Both: { source, contentFrom }, Nacos: { mirror } }[source];
        await apply({ apiVersion, kind: 'NacosConfig', spec: { ...common, ...rest } }, name);
      }
      await eventually(hangMs, () => allInSync(from));
    }

    /** The reasons of Ready, by name, of those that are as they should be in this Nacos. */
    async function reasons({ host, port }: NacosEndpoint): Promise<Map<string, string>> {
      const configs = await cluster.rest.list(apiVersion, 'NacosConfig', namespace);
      return new Map(
        configs.map((config) => {
          const { conditions = [], syncedPlace } = config['status'] as {
            conditions?: { type: string; reason: string }[];
            syncedPlace?: { servers: string[] };
          };
          const reason = conditions.find(({ type }) => type === 'Ready')?.reason ?? '';
          const isMirror = config.metadata.name.startsWith('nacos-');
          const isHere = isMirror || reason !== 'InSync' || syncedPlace?.servers.join() === `${host}:${port}`;
          return [config.metadata.name, isHere ? reason : `${reason} elsewhere`];
        }),
      );
    }

    async function allInSync(nacos: NacosEndpoint, except: readonly string[] = []): Promise<void> {
      const found = await reasons(nacos);
      const wanted = new Map(declared.map(({ name }) => [name, except.includes(name) ? 'Conflict' : 'InSync']));
      assert.deepEqual(new Map(declared.map(({ name }) => [name, found.get(name)])), wanted);
      for (const { content, name } of declared) {
        assert.equal(await held(nacos, name), except.includes(name) ? 'of somebody else' : content);
      }
    }

    /** What users have in Kubernetes is as it was. */
    async function assertKubernetes(): Promise<void> {
      const maps = await cluster.rest.list('v1', 'ConfigMap', namespace);
      const texts = new Map(maps.map((map) => [map.metadata.name, (map['data'] as { text?: string })?.text]));
      for (const { content, name, source } of fleet) {
        if (source === 'Both') assert.equal(texts.get(`source-${name}`), content);
        if (source === 'Nacos') assert.equal(texts.get(`mirror-${name}`), content, `the mirror of ${name}`);
      }
    }

    const moves: { title: string; connectionRef: object; move: (to: NacosEndpoint) => Promise<void> }[] = [
      { title: 'by one edit of their connection', connectionRef: { connectionRef: { name: 'main' } }, move: connect },
      {
        title: 'by the option --nacos at a restart',
        connectionRef: {},
        move: async ({ host, port, password }) => {
          const file = join(tmpdir(), `nacos-bridge-password-${port}`);
          await writeFile(file, password, { mode: 0o600 });
          await cluster.operator.end('SIGTERM');
          const args = [`--nacos=${host}:${port}`, `--nacos-password-file=${file}`];
          cluster.operator.image = { ...cluster.operator.image, args };
          await cluster.operator.start();
        },
      },
    ];
    for (const { connectionRef, move, title } of moves) {
      describe(title, () => {
        before(async () => {
          from = await newNacos();
          const bridged = await startBridgedCluster(from);
          started.defer(() => bridged.stop());
          cluster = bridged;
          await connect(from);
          await create(connectionRef);
        });

        it('are all in sync in an empty one, and mirrors keep what they have until it is there', async () => {
          const to = await newNacos();
          const beganMs = performance.now();
          await move(to);
          await eventually(hangMs, () => allInSync(to));
          if (process.env['TEST_FLEET']) console.log(`in sync after ${Math.round(performance.now() - beganMs)} ms`);
          await assertKubernetes();
          for (const { content, name } of mirrored) await publish(to, name, content);
          await eventually(hangMs, async () => {
            assert.deepEqual([...new Set((await reasons(to)).values())], ['InSync']);
          });
          await assertKubernetes();
          for (const { content, name } of fleet) assert.equal(await held(from, name), content, 'what it leaves stays');
        });

        it('are conflicts exactly where one holds dataIds of others', async () => {
          const to = await newNacos();
          for (const name of taken) await publish(to, name, 'of somebody else');
          await move(to);
          await eventually(hangMs, () => allInSync(to, taken));
          await assertKubernetes();
        });
      });
    }

    after(() => started.disposeAsync());
  });
}
