/**
 * What a restart makes of mirrors that are there: those whose metadata proves that they are as we have left them are
 * neither read nor is their content asked for, and whatever was done to the others meanwhile is found and put right.
 */
import assert from 'node:assert/strict';
import { CONTENT_MD5_ANNOTATION, MANAGED_BY_LABEL, MIRROR_LABEL } from '../../../operator/api/names.ts';
import type { NacosConfig } from '../../../operator/api/resources.ts';
import { dataObjectRefs, encodeData, type DataObject } from '../../../operator/config-sync/mirror/data-object.ts';
import { compileMirror, type MirrorKind } from '../../../operator/config-sync/mirror/mirror-target.ts';
import { Mirrors, type MirrorResult } from '../../../operator/config-sync/mirror/mirrors.ts';
import type { ContentRules } from '../../../operator/config-sync/validation.ts';
import { FakeClock } from '../../fake-clock.ts';
import { MirrorCluster, NAMESPACE, present, served } from './mirror-cluster.ts';

const DATA_ID = 'app.yaml';
const md5 = (content: string): string => present(content).snapshot.md5;

interface Left {
  readonly kind: MirrorKind;
  readonly name: string;
}

const validation = { syntax: true };

describe('mirrors that an earlier process has left', () => {
  const clock = new FakeClock();
  let cluster: MirrorCluster;

  before(async function () {
    cluster = await MirrorCluster.start(clock);
  });

  after(() => cluster.stop());

  /** By a process that has seen nothing yet; `asked` is how often it needed the content. */
  async function syncAnew(resource: NacosConfig, content: string) {
    const mirrors = new Mirrors({
      access: cluster.access,
      users: cluster.users,
      configClient: cluster.configClient,
      clock,
      onNews: () => {},
    });
    await cluster.observe();
    const before = await cluster.requests();
    const first = await sync(mirrors, resource, content);
    const made = Object.entries(await cluster.requests()).map(([name, n]) => [name, n - (before[name] ?? 0)] as const);
    return { ...first, mirrors, requests: Object.fromEntries(made.filter(([, count]) => count > 0)) };
  }

  async function sync(mirrors: Mirrors, resource: NacosConfig, content: string, rules: ContentRules = validation) {
    let asked = 0;
    const { observation, contentOf } = served(present(content));
    const counted = (wanted: string): Promise<string> => {
      asked += 1;
      return contentOf(wanted);
    };
    const result: MirrorResult = await mirrors.sync(resource.metadata.name, {
      resource,
      target: compileMirror(resource.spec.mirror, DATA_ID)!,
      served: { observation, contentOf: counted },
      format: 'yaml',
      validation: rules,
    });
    return { result, asked };
  }

  const get = async ({ kind, name }: Left): Promise<DataObject> => (await cluster.clients[kind].get(name, NAMESPACE))!;
  const edit =
    (merge: (kind: MirrorKind) => unknown) =>
    ({ kind, name }: Left): Promise<unknown> =>
      cluster.edit(dataObjectRefs[kind], name, merge(kind));
  const data = (kind: MirrorKind, text: string) => encodeData(kind, { [DATA_ID]: text });
  async function replace(left: Left, changed: (object: DataObject) => void): Promise<void> {
    const object = await get(left);
    changed(object);
    await cluster.clients[left.kind].replace(object, { fieldManager: 'tool' });
  }

  const untouched: { what: string; edit: (left: Left) => Promise<unknown> }[] = [
    { what: 'nobody has edited', edit: async () => {} },
    {
      what: 'have a label and an annotation of others besides',
      edit: edit(() => ({ metadata: { labels: { team: 'shop' }, annotations: { note: 'x' } } })),
    },
    { what: 'somebody has written as they were', edit: (left) => replace(left, () => {}) },
  ];
  for (const kind of ['ConfigMap', 'Secret'] as const) {
    for (const immutable of [false, true]) {
      for (const { what, edit: done } of untouched) {
        it(`are not read, in ${immutable ? 'immutable ' : ''}${kind}s that ${what}`, async () => {
          const { config, left } = await leave({ kind, immutable });
          await done(left);
          const { result, asked, requests } = await syncAnew(config, 'a: 1');
          assert.deepEqual([result.written, asked, requests], [undefined, 0, {}]);
          assert.deepEqual([result.verdict.reason, result.mirror?.name], ['Mirrored', left.name]);
        });
      }
    }
  }

  const doubtful: { what: string; edit: (left: Left) => Promise<unknown>; written?: string; keeps?: object }[] = [
    { what: 'hold another text', edit: edit((kind) => ({ data: data(kind, 'mine') })), written: 'Restored' },
    { what: 'have lost their key', edit: edit(() => ({ data: { [DATA_ID]: null } })), written: 'Restored' },
    {
      what: 'have a key of others besides',
      edit: edit((kind) => ({ data: encodeData(kind, { theirs: 'x' }) })),
      keeps: { theirs: 'x' },
    },
    {
      what: 'had their key removed and put back',
      edit: async (left) => {
        await edit(() => ({ data: { [DATA_ID]: null } }))(left);
        await edit((kind) => ({ data: data(kind, 'a: 1') }))(left);
      },
    },
    {
      what: 'have the md5 of an older content',
      edit: edit(() => ({ metadata: { annotations: { [CONTENT_MD5_ANNOTATION]: md5('a: 0') } } })),
      written: 'Updated',
    },
    {
      what: 'have an older content, and the md5 of the present one',
      edit: async (left) => {
        await edit((kind) => ({ data: data(kind, 'a: 0') }))(left);
        await edit(() => ({ metadata: { annotations: { [CONTENT_MD5_ANNOTATION]: null } } }))(left);
        await edit(() => ({ metadata: { annotations: { [CONTENT_MD5_ANNOTATION]: md5('a: 1') } } }))(left);
      },
      written: 'Restored',
    },
    {
      what: 'have lost our labels',
      edit: edit(() => ({ metadata: { labels: { [MIRROR_LABEL]: null, [MANAGED_BY_LABEL]: null } } })),
      written: 'Restored',
    },
    {
      what: 'were replaced as a whole',
      edit: (left) => replace(left, (object) => (object.data = data(left.kind, 'mine'))),
      written: 'Restored',
    },
    {
      what: 'were replaced with an account of fields that is cleared',
      edit: (left) =>
        replace(left, (object) => {
          object.data = data(left.kind, 'mine');
          object.metadata.managedFields = [{}];
        }),
      written: 'Restored',
    },
    {
      what: 'were deleted and made anew, with an account of fields that says they are ours',
      edit: async (left) => {
        const { metadata, ...object } = await get(left);
        await cluster.clients[left.kind].delete(left.name, NAMESPACE);
        const { uid: _, resourceVersion: __, ...rest } = metadata;
        const anew = { ...object, metadata: rest, data: data(left.kind, 'mine') };
        await cluster.clients[left.kind].create(anew, { fieldManager: 'tool' });
      },
      written: 'Restored',
    },
  ];
  for (const kind of ['ConfigMap', 'Secret'] as const) {
    for (const { what, edit: done, written, keeps = {} } of doubtful) {
      it(`are read${written ? ' and put right' : ''}, in ${kind}s that ${what}`, async () => {
        const { config, left } = await leave({ kind, immutable: false });
        await done(left);
        const { result, asked, requests } = await syncAnew(config, 'a: 1');
        assert.deepEqual([result.written, asked], [written, 1]);
        assert.deepEqual(requests, { 'GET 200': 1, ...(written && { 'PATCH 200': 1 }) });
        const now = await get(left);
        assert.deepEqual(now.data, encodeData(kind, { [DATA_ID]: 'a: 1', ...keeps }));
        assert.equal(now.metadata.annotations?.[CONTENT_MD5_ANNOTATION], md5('a: 1'));
      });
    }
  }

  it('are put right that somebody has made immutable, with another content', async () => {
    const { config, left } = await leave({ kind: 'ConfigMap', immutable: false });
    await edit((kind) => ({ data: data(kind, 'mine'), immutable: true }))(left);
    const { result } = await syncAnew(config, 'a: 1');
    assert.equal(result.written, 'Restored');
    const { data: texts, immutable } = await get(left);
    assert.deepEqual([texts, immutable], [{ [DATA_ID]: 'a: 1' }, undefined]);
  });

  it('are read when others have a binary key in them', async () => {
    const { config, left } = await leave({ kind: 'ConfigMap', immutable: false });
    await edit(() => ({ binaryData: { theirs: 'AAAA' } }))(left);
    assert.deepEqual((await syncAnew(config, 'a: 1')).requests, { 'GET 200': 1 });
  });

  it('are looked at by other rules when the spec has changed while no operator ran, and stay when they break them', async () => {
    const { config, left } = await leave({ kind: 'ConfigMap', immutable: false });
    const changed = { ...config, metadata: { ...config.metadata, generation: config.metadata.generation! + 1 } };
    assert.equal((await syncAnew(changed, 'a: 1')).asked, 1);
    const rules = { syntax: true, maxBytes: 3 };
    const mirrors = new Mirrors({
      access: cluster.access,
      users: cluster.users,
      configClient: cluster.configClient,
      clock,
      onNews: () => {},
    });
    await assert.rejects(sync(mirrors, changed, 'a: 1', rules), {
      code: 'INVALID_CONTENT',
      message: /^What Nacos holds is not mirrored\. The content has 4 bytes and must have at most 3/,
    });
    assert.deepEqual((await get(left)).data, { [DATA_ID]: 'a: 1' });
  });

  it('are written into another key when the spec says so now', async () => {
    const { config, left } = await leave({ kind: 'ConfigMap', immutable: false });
    const configMap = { name: left.name, key: 'other' };
    const changed = { ...config, spec: { ...config.spec, mirror: { ...config.spec.mirror!, configMap } } };
    assert.equal((await syncAnew(changed, 'a: 1')).result.written, 'Updated');
    assert.deepEqual((await get(left)).data, { other: 'a: 1' });
  });

  it('take new content without being read', async () => {
    const { config, left } = await leave({ kind: 'ConfigMap', immutable: false });
    const { mirrors } = await syncAnew(config, 'a: 1');
    const before = await cluster.requests();
    const { result, asked } = await sync(mirrors, config, 'a: 2');
    const made = await cluster.requests();
    assert.deepEqual([result.written, asked, made['GET 200']], ['Updated', 1, before['GET 200']]);
    assert.deepEqual((await get(left)).data, { [DATA_ID]: 'a: 2' });
  });

  it('are read when each entry of the content has a key, since one that is gone leaves no trace', async () => {
    const { config, left } = await leave({ kind: 'ConfigMap', immutable: false, format: 'Env' });
    await edit(() => ({ data: { a: null } }))(left);
    const { result, asked } = await syncAnew(config, 'a: 1');
    assert.deepEqual([result.written, asked], ['Restored', 1]);
    assert.match(result.verdict.message, /^1 key of/);
  });

  it('do not need the content again once they were seen to be right, and do when they are edited', async () => {
    const { config, left } = await leave({ kind: 'ConfigMap', immutable: false, format: 'Env' });
    const { mirrors } = await syncAnew(config, 'a: 1');
    await cluster.observe();
    const again = await sync(mirrors, config, 'a: 1');
    assert.deepEqual([again.asked, again.result.verdict.message.slice(0, 6)], [0, '1 key ']);
    await edit((kind) => ({ data: encodeData(kind, { a: 'mine' }) }))(left);
    await cluster.observe();
    assert.deepEqual((await sync(mirrors, config, 'a: 1')).asked, 1);
    assert.deepEqual((await get(left)).data, { a: '1' });
  });

  let names = 0;

  async function leave({ kind, immutable, format }: { kind: MirrorKind; immutable: boolean; format?: string }) {
    names += 1;
    const object = { name: `left-${names}` };
    const mirror = { immutable, format, ...(kind === 'Secret' ? { secret: object } : { configMap: object }) };
    const config = await cluster.newConfig({ mirror });
    const { result } = await syncAnew(config, 'a: 1');
    const { generation } = config.metadata;
    const condition = { type: 'Mirrored', ...result.verdict, observedGeneration: generation, lastTransitionTime: '' };
    return { config: { ...config, status: { conditions: [condition] } }, left: { kind, name: result.mirror!.name } };
  }
});
