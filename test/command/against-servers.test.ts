/** `diff` and `export` as processes, against the embedded servers and the operator between them. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { md5Of } from '../../operator/nacos/config/config-snapshot.ts';
import type { KubeObject } from '../scenarios/backends.ts';
import { NacosAdmin, type NacosConfigFields } from '../testbed/nacos-admin.ts';
import { startEmbeddedWorld, type EmbeddedWorld } from '../embedded/world.ts';
import { eventually } from '../eventually.ts';
import { commandLine } from './command-line.ts';

const SECRET = 'sEcReT-marker';
const GROUP = 'shop';

const configs: [group: string, dataId: string, content: string, fields: NacosConfigFields][] = [
  [
    GROUP,
    'orders.yaml',
    'orders:\n  currency: EUR\n',
    { type: 'yaml', desc: 'Orders', configTags: 'a,b', appName: 'shop' },
  ],
  ['DEFAULT_GROUP', 'orders.yaml', '  indented: first\n\n', { type: 'yaml' }],
  ['DEFAULT_GROUP', 'My:App', 'carriage\r\nreturn\u2028\n', { type: 'text' }],
  ['DEFAULT_GROUP', 'broken.json', '{', { type: 'json' }],
  ['DEFAULT_GROUP', 'yes', 'yes', { type: 'text' }],
  ['DEFAULT_GROUP', 'other-type.yaml', 'a=1\n', { type: 'properties' }],
];

for (const generation of ['3.1', '2.3'] as const) {
  describe(`the command line against embedded servers, Nacos as ${generation}`, () => {
    let world: EmbeddedWorld;
    let admin: NacosAdmin;
    let dir: string;
    let access: string[];

    before(async () => {
      dir = await mkdtemp(join(tmpdir(), 'nacos-bridge-command-'));
      world = await startEmbeddedWorld(generation);
      const { host, password, port, username } = world.backends.nacos;
      admin = new NacosAdmin({ version: generation, baseUrl: `http://${host}:${port}/nacos`, username, password });
      await admin.login();
      for (const [group, dataId, content, fields] of configs) await admin.publish('', group, dataId, content, fields);
      await writeFile(join(dir, 'password'), password);
      await writeFile(join(dir, 'kubeconfig'), world.kubernetes.kubeconfig);
      const login = [`--nacos-username=${username}`, `--nacos-password-file=${join(dir, 'password')}`];
      access = [`--nacos=${host}:${port}`, ...login];
    });

    after(async () => {
      await world?.stop();
      await rm(dir, { recursive: true, force: true });
    });

    for (const source of ['Kubernetes', 'Both', 'Nacos'] as const) {
      it(`exports with source ${source} what is valid, and changes nothing in Nacos when it is applied or deleted`, async () => {
        const namespace = `export-${source.toLowerCase()}`;
        const exported = await commandLine(['export', ...access, `--source=${source}`, `--namespace=${namespace}`]);
        assert.equal(exported.code, 0, exported.errors);
        const [validated, compared] = await Promise.all([
          commandLine(['validate', '-'], exported.output),
          commandLine(['diff', ...access, '-'], exported.output),
        ]);
        assert.equal(validated.code, 0, validated.output);
        assert.deepEqual([compared.code, compared.output], [0, ''], compared.errors);
        const before = await writes(world);
        await applied(world, namespace, exported.output);
        await removed(world, namespace);
        assert.deepEqual(await writes(world), before);
      });
    }

    it('does not export the dataId by which the Nacos namespace is known', async () => {
      const [group, dataId] = ['nacos-bridge-system', 'nacos-bridge-place'];
      // The operator has made it for what was applied above.
      assert.ok(await admin.getConfig('', group, dataId));
      const { errors } = await commandLine(['export', ...access, `--group=${group}`]);
      assert.match(errors, /exported 0 of 0 configs/);
    });

    it('exports into a folder what the patterns match, each time into the same files', async () => {
      const output = join(dir, 'out');
      const [some, all] = [['--data-id=o*'], []];
      for (const patterns of [some, all, some]) {
        const { code, errors } = await commandLine(['export', ...access, ...patterns, `--output=${output}`]);
        assert.equal(code, 0);
        assert.match(errors, patterns === some ? /exported 3 of 3 configs/ : /exported 6 of 6 configs/);
      }
      const files = await readdir(output);
      assert.equal(files.length, 6, files.join());
      const plain = ['orders.yaml', 'other-type.yaml', 'shop--orders.yaml', 'broken.json.nacosconfig.yaml'];
      for (const file of plain) assert.ok(files.includes(file), files.join());
      const [mark] = (await readFile(join(output, 'shop--orders.yaml'), 'utf8')).split('\n');
      const key = '{"namespaceId":"","group":"shop","dataId":"orders.yaml"}';
      assert.equal(mark, `# Made by nacos-bridge export of ${key}`);
      const validated = await commandLine(['validate', output]);
      assert.equal(validated.code, 0, validated.output);
    });

    it('removes from a folder what is gone, when it is told to, and nothing of others', async () => {
      const output = join(dir, 'pruned');
      const exported = (...more: string[]) => commandLine(['export', ...access, `--output=${output}`, ...more]);
      await admin.publish('', 'gone', 'gone.yaml', 'a: 1');
      assert.equal((await exported()).code, 0);
      await writeFile(join(output, 'mine.yaml'), 'a: 1\n');
      await admin.remove('', 'gone', 'gone.yaml');
      const told = await exported();
      assert.match(
        told.errors,
        /gone--gone\.yaml, of a former export of gone\/gone\.yaml, is not needed any more; --prune/,
      );
      // Whatever it did not look for is not gone.
      assert.doesNotMatch((await exported('--group=shop', '--prune')).errors, /is removed/);
      const pruned = await exported('--prune');
      assert.equal(pruned.code, 0);
      assert.deepEqual(pruned.errors.match(/\S+(?=, of a former)/g), [join(output, 'gone--gone.yaml')]);
      const files = await readdir(output);
      assert.equal(files.length, 7, files.join());
      assert.ok(files.includes('mine.yaml') && !files.includes('gone--gone.yaml'), files.join());
    });

    it('takes a Nacos namespace without any config for a mistake, and removes nothing', async () => {
      const output = join(dir, 'out');
      const before = await readdir(output).catch(() => []);
      const wrong = await commandLine(['export', ...access, '--nacos-namespace=typo', `--output=${output}`, '--prune']);
      assert.equal(wrong.code, 1);
      assert.equal(
        wrong.errors,
        "nacos-bridge: the Nacos namespace 'typo' holds no config, or there is none; check --nacos-namespace\n",
      );
      assert.deepEqual(await readdir(output).catch(() => []), before);
      const none = await commandLine(['export', ...access, '--group=nobody']);
      assert.deepEqual([none.code, none.output, none.errors], [0, '', 'exported 0 of 0 configs\n']);
    });

    it('tells what would be created, updated and refused, and ends with 1', async () => {
      const { code, errors, output } = await commandLine(['diff', ...access, '-'], changes);
      assert.equal(code, 1, errors);
      assert.match(output, /^# NacosConfig default\/new: created\n--- \/dev\/null\n\+\+\+ NacosConfig default\/new\n/m);
      assert.match(output, /--- Nacos shop\/orders\.yaml\n.*\n@@ .*\n orders:\n-  currency: EUR\n\+  currency: USD\n/);
      assert.match(output, /^-description: Orders\n\+description: New\n/m);
      assert.match(output, /^# NacosConfig default\/broken\.json: conflicting: The dataId exists in Nacos with other/m);
      assert.match(output, /^\+\(content of a Secret, not shown\)\n/m);
      assert.ok(!`${output}${errors}`.includes(md5Of(SECRET)), 'no digest of it either');
      assert.match(errors, /2 created, 1 updated, 1 conflicting, 1 left alone, 0 unchanged/);
      assert.ok(!`${output}${errors}`.includes(SECRET));
      assert.equal(await admin.getConfig('', 'DEFAULT_GROUP', 'new'), undefined);
    });

    it('tells what the operator would not be allowed, by its option and by a connection of the cluster', async () => {
      const allow = (rule: object) => `--nacos-allow=${JSON.stringify([rule])}`;
      const manifest = configManifest('allowed', 'text\n', 'group: shop');
      const told = (...more: string[]) => commandLine(['diff', ...access, ...more, '-'], manifest);
      const refused = await told(allow({ groups: ['bank'] }));
      assert.deepEqual([refused.code, refused.output], [2, ''], refused.errors);
      assert.match(refused.errors, /The default connection does not allow the group 'shop' to namespace 'default'/);
      assert.equal((await told(allow({ groups: ['shop'] }))).code, 1);
      const { kubernetes } = world.backends;
      await kubernetes.apply({ ...namespaceObject('labelled'), metadata: { name: 'labelled', labels: { team: 'a' } } });
      const kubeconfig = `--kubeconfig=${join(dir, 'kubeconfig')}`;
      for (const [team, code] of [
        ['a', 1],
        ['b', 2],
      ] as const) {
        const rule = allow({ allowedNamespaces: { selector: { matchLabels: { team } } } });
        const { errors, ...ended } = await told(rule, kubeconfig, '--namespace=labelled');
        assert.equal(ended.code, code, errors);
      }
      await kubernetes.apply({
        apiVersion: 'bridge.nacos.io/v1alpha1',
        kind: 'NacosConnection',
        metadata: { name: 'narrow', namespace: 'labelled' },
        spec: { servers: [{ host: 'elsewhere', port: 8848 }], allow: { groups: ['bank'] } },
      });
      const byConnection = configManifest('allowed', 'text\n', 'connectionRef: { name: narrow }');
      const { errors } = await commandLine(['diff', ...access, kubeconfig, '--namespace=labelled', '-'], byConnection);
      assert.match(errors, /NacosConnection 'narrow' does not allow the group 'DEFAULT_GROUP'/);
    });

    it('takes what was synchronised last from the cluster', async () => {
      const name = 'based';
      await world.backends.kubernetes.apply(namespaceObject(name));
      const manifest = configManifest(name, 'first\n', 'driftPolicy: Report');
      await applied(world, name, manifest);
      const edited = { namespaceId: '', group: 'DEFAULT_GROUP', dataId: name };
      const kubeconfig = `--kubeconfig=${join(dir, 'kubeconfig')}`;
      const same = await commandLine(['diff', ...access, kubeconfig, '--namespace=based', '-'], manifest);
      assert.deepEqual([same.code, same.output], [0, ''], same.errors);
      const next = await commandLine(
        ['diff', ...access, kubeconfig, '--namespace=based', '-'],
        manifest.replace('first', 'second'),
      );
      assert.match(next.output, /^-first\n\+second\n/m);
      await world.backends.nacos.publish(edited, 'edited\n');
      const drifted = await commandLine(['diff', ...access, kubeconfig, '--namespace=based', '-'], manifest);
      assert.deepEqual([drifted.code, drifted.output], [0, ''], drifted.errors);
      assert.match(drifted.errors, /based\/based: left alone: The content was changed in Nacos/);
    });

    it('tells what the API server would refuse of a change, and takes a change for one', async () => {
      const name = 'changed';
      const { kubernetes } = world.backends;
      const manifest = configManifest(name, 'first\n', 'group: one');
      await applied(world, name, manifest);
      const before = await kubernetes.list('bridge.nacos.io/v1alpha1', 'NacosConfig', name);
      const moved = manifest.replace('group: one', 'group: two');
      const compare = (text: string, ...more: string[]) =>
        commandLine(['diff', ...access, `--kubeconfig=${join(dir, 'kubeconfig')}`, '-n', name, ...more, '-'], text);
      const [refused, json, fresh] = await Promise.all([
        compare(moved),
        compare(moved, '-o', 'json'),
        commandLine(['diff', ...access, '-n', name, '-'], moved),
      ]);
      assert.equal(refused.code, 2, refused.output);
      assert.match(refused.errors, /^\(standard input\):5:10 NacosConfig\/changed spec\.group: .*must not change/m);
      assert.equal(refused.output, '');
      const { changes, problems } = JSON.parse(json.output) as { changes: object[]; problems: { field: string }[] };
      assert.deepEqual(
        [json.code, json.errors, changes, problems.map(({ field }) => field)],
        [2, '', [], ['spec.group']],
      );
      // Without a cluster nobody knows what there was.
      assert.match(fresh.output, /^# NacosConfig changed\/changed: created\n/m);
      assert.deepEqual(await kubernetes.list('bridge.nacos.io/v1alpha1', 'NacosConfig', name), before);
    });

    it('tells what only the API server itself refuses, and keeps nothing there', async () => {
      const { faults } = world.kubernetes;
      const manifest = `apiVersion: bridge.nacos.io/v1alpha1\nkind: NacosConnection\nmetadata: { name: kept, uid: former, resourceVersion: "1" }\nspec: { servers: [{ host: nacos }] }\n`;
      const kubeconfig = `--kubeconfig=${join(dir, 'kubeconfig')}`;
      const answered = async (...status: number[]) => {
        const rules = status.map((one) => ({ kind: 'status', status: one }) as const);
        for (const fault of rules) faults.add({ on: 'patch nacosconnections', fault, times: 1 });
        return commandLine(['diff', ...access, kubeconfig, '-'], manifest);
      };
      const refused = await answered(422);
      assert.equal(refused.code, 2);
      assert.match(
        refused.errors,
        /:1:1 NacosConnection\/kept: the API server would refuse it: patch nacosconnections.*422 Invalid/,
      );
      const taken = await answered();
      assert.equal(taken.code, 0, taken.errors);
      // Whoever may not ask is judged by our own rules alone.
      const unasked = await answered(403);
      assert.equal(unasked.code, 0, unasked.errors);
      const kept = await world.backends.kubernetes.list('bridge.nacos.io/v1alpha1', 'NacosConnection', 'default');
      assert.deepEqual(kept, []);
    });

    it('tells programs in JSON what would change', async () => {
      const { code, errors, output } = await commandLine(['diff', ...access, '--output=json', '-'], changes);
      const told = JSON.parse(output) as { changes: Record<string, string>[]; summary: object };
      assert.deepEqual([code, errors], [1, '']);
      const expected = { created: 2, updated: 1, conflicting: 1, 'left alone': 1, unchanged: 0, 'not compared': 0 };
      assert.deepEqual(told.summary, expected);
      const { patch, ...change } = told.changes.find(({ name }) => name === 'new') ?? {};
      const file = '(standard input)';
      assert.deepEqual(change, { namespace: 'default', name: 'new', file, verdict: 'created', message: '' });
      assert.match(patch ?? '', /^\+new$/m);
      assert.ok(!output.includes(SECRET));
    });

    it('ends with 2 when something cannot be compared', async () => {
      const [invalid, unreachable, missing] = await Promise.all([
        commandLine(['diff', ...access, '-'], configManifest('a.yaml', 'a: [\n')),
        commandLine(['diff', `--nacos=127.0.0.1:${world.closedPort}`, '-'], configManifest('a.yaml', 'a: 1\n')),
        commandLine(['diff', '-'], configManifest('a.yaml', 'a: 1\n')),
      ]);
      assert.deepEqual([invalid.code, unreachable.code, missing.code], [2, 2, 2]);
      assert.match(invalid.errors, /spec\.content: The content is not valid yaml/);
      assert.match(unreachable.errors, /no Nacos server answers/);
      assert.match(missing.errors, /--nacos must be given/);
    });
  });
}

const changes = `${configManifest('orders.yaml', 'orders:\n  currency: USD\n', `group: ${GROUP}`, 'adoptionPolicy: Adopt', 'description: New')}
---
${configManifest('new', 'new\n')}
---
${configManifest('broken.json', '{}\n')}
---
${configManifest('stopped', 'x\n', 'suspend: true')}
---
apiVersion: v1
kind: Secret
metadata: { name: hidden }
stringData: { text: ${SECRET} }
---
apiVersion: bridge.nacos.io/v1alpha1
kind: NacosConfig
metadata: { name: hidden }
spec:
  allowSecretExport: true
  contentFrom: { secretKeyRef: { name: hidden, key: text } }
`;

function configManifest(name: string, content: string, ...spec: string[]): string {
  const lines = [...spec, `content: ${JSON.stringify(content)}`].map((line) => `  ${line}\n`);
  return `apiVersion: bridge.nacos.io/v1alpha1\nkind: NacosConfig\nmetadata: { name: ${name} }\nspec:\n${lines.join('')}`;
}

function namespaceObject(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

/** As Nacos' own history has it. */
function writes({ backends }: EmbeddedWorld): Promise<number[]> {
  return Promise.all(configs.map(([group, dataId]) => backends.nacos.countWrites({ namespaceId: '', group, dataId })));
}

/** Applies manifests, and waits until the operator has them in sync. */
async function applied({ backends }: EmbeddedWorld, namespace: string, yaml: string): Promise<void> {
  await backends.kubernetes.apply(namespaceObject(namespace));
  const objects = parseAllDocuments(yaml).map((document) => document.toJS() as KubeObject);
  for (const object of objects) {
    await backends.kubernetes.apply({ ...object, metadata: { ...object.metadata, namespace } });
  }
  for (const { apiVersion, kind, metadata } of objects.filter((object) => object.kind === 'NacosConfig')) {
    const { name } = metadata;
    await eventually(20_000, async () => {
      const object = await backends.kubernetes.get({ apiVersion, kind, namespace, name });
      const { conditions = [] } = (object?.['status'] ?? {}) as { conditions?: { type: string; status: string }[] };
      assert.equal(
        conditions.find(({ type }) => type === 'Ready')?.status,
        'True',
        `${name}: ${JSON.stringify(conditions)}`,
      );
    });
  }
}

/** Deletes the NacosConfigs of a namespace: others could not have their dataIds. */
async function removed({ backends: { kubernetes } }: EmbeddedWorld, namespace: string): Promise<void> {
  const apiVersion = 'bridge.nacos.io/v1alpha1';
  const configs = () => kubernetes.list(apiVersion, 'NacosConfig', namespace);
  for (const { metadata } of await configs()) {
    await kubernetes.delete({ apiVersion, kind: 'NacosConfig', namespace, name: metadata.name });
  }
  await eventually(20_000, async () => assert.deepEqual(await configs(), []));
}
