import assert from 'node:assert/strict';
import { addFinalizer, hasFinalizer, removeFinalizer } from '../../operator/kube/finalizer.ts';
import type { KubeClient } from '../../operator/kube/client.ts';
import type { KubeObject } from '../../operator/kube/resource.ts';
import { ResourceClient } from '../../operator/kube/resource-client.ts';
import type { JsonPatchOperation } from '../../operator/kube/resource-client.ts';
import { clientFor } from './client-for.ts';
import { FakeApiServer, configMaps, status } from './fake-api-server.ts';
import type { Answer } from './fake-api-server.ts';

const ours = 'x.io/ours';
const theirs = 'y.io/theirs';

/** An object on the server, as seen at `version` with these finalizers. */
function seen(
  finalizers: string[] | undefined,
  version = '1',
  change: Partial<KubeObject['metadata']> = {},
): KubeObject {
  return { metadata: { name: 'a', namespace: 'n', uid: 'u', resourceVersion: version, finalizers, ...change } };
}

const failedTest: Answer = { status: 422, body: status(422, 'Invalid', 'the server rejected our request') };
const missing: Answer = { status: 404, body: status(404, 'NotFound', 'not found', { name: 'a' }) };
const found = (object: KubeObject): Answer => ({ status: 200, body: object });
const sameObject: JsonPatchOperation = { op: 'test', path: '/metadata/uid', value: 'u' };

describe('a finalizer', () => {
  let server: FakeApiServer;
  let client: KubeClient;
  let resource: ResourceClient<KubeObject>;
  beforeEach(async () => {
    server = await FakeApiServer.start();
    client = clientFor(server);
    resource = new ResourceClient(client, configMaps);
  });
  afterEach(async () => {
    await client.close();
    await server.stop();
  });

  interface Row {
    title: string;
    act: 'add' | 'remove';
    object: KubeObject;
    /** What the server answers, in turn: to patches, and to the reads between them. */
    answers: Answer[];
    patches: JsonPatchOperation[][];
    /** Finalizers of the result; undefined when the object is gone. */
    result: string[] | undefined;
  }
  const rows: Row[] = [
    {
      title: 'is added as the first one',
      act: 'add',
      object: seen(undefined),
      answers: [found(seen([ours], '2'))],
      patches: [
        [
          sameObject,
          { op: 'test', path: '/metadata/finalizers', value: null },
          { op: 'add', path: '/metadata/finalizers', value: [ours] },
        ],
      ],
      result: [ours],
    },
    {
      title: 'is added after that of somebody else',
      act: 'add',
      object: seen([theirs]),
      answers: [found(seen([theirs, ours], '2'))],
      patches: [
        [
          sameObject,
          { op: 'test', path: '/metadata/finalizers', value: [theirs] },
          { op: 'add', path: '/metadata/finalizers/-', value: ours },
        ],
      ],
      result: [theirs, ours],
    },
    { title: 'is not added twice', act: 'add', object: seen([ours]), answers: [], patches: [], result: [ours] },
    {
      title: 'is not added to an object that is being deleted',
      act: 'add',
      object: seen([theirs], '1', { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      answers: [],
      patches: [],
      result: undefined,
    },
    {
      title: 'is removed at its own place',
      act: 'remove',
      object: seen([theirs, ours]),
      answers: [found(seen([theirs], '2'))],
      patches: [
        [
          sameObject,
          { op: 'test', path: '/metadata/finalizers/1', value: ours },
          { op: 'remove', path: '/metadata/finalizers/1' },
        ],
      ],
      result: [theirs],
    },
    {
      title: 'is removed from where it has moved to',
      act: 'remove',
      object: seen([theirs, ours]),
      answers: [failedTest, found(seen([ours], '2')), found(seen([], '3'))],
      patches: [
        [
          sameObject,
          { op: 'test', path: '/metadata/finalizers/1', value: ours },
          { op: 'remove', path: '/metadata/finalizers/1' },
        ],
        [
          sameObject,
          { op: 'test', path: '/metadata/finalizers/0', value: ours },
          { op: 'remove', path: '/metadata/finalizers/0' },
        ],
      ],
      result: [],
    },
    {
      title: 'needs no removal from an object without it',
      act: 'remove',
      object: seen([theirs]),
      answers: [],
      patches: [],
      result: [theirs],
    },
  ];
  for (const { title, act, object, answers, patches, result } of rows) {
    it(title, async () => {
      server.answer(() => answers.shift());
      const settled = await (act === 'add' ? addFinalizer : removeFinalizer)(resource, object, ours);
      const sent = server.requests.filter(({ method }) => method === 'PATCH');
      assert.deepEqual(
        sent.map(({ body }) => JSON.parse(body)),
        patches,
      );
      assert.ok(sent.every(({ headers }) => headers['content-type'] === 'application/json-patch+json'));
      assert.deepEqual(settled?.metadata.finalizers, result);
    });
  }

  for (const [title, answers] of [
    ['is gone', [missing, missing]],
    ['has a successor of the same name', [failedTest, found(seen([ours], '9', { uid: 'other' }))]],
  ] as const) {
    it(`is no matter any more when the object ${title}`, async () => {
      const left = [...answers];
      server.answer(() => left.shift());
      assert.equal(await removeFinalizer(resource, seen([ours]), ours), undefined);
    });
  }

  it('reports a refusal that has nothing to do with others', async () => {
    const answers = [failedTest, found(seen([ours]))];
    server.answer(() => answers.shift());
    await assert.rejects(removeFinalizer(resource, seen([ours]), ours), { code: 'KUBE_INVALID' });
  });

  it('gives up, to be tried later, when the object keeps changing', async () => {
    let version = 1;
    server.answer(({ method }) => (method === 'PATCH' ? failedTest : found(seen([ours], String(++version)))));
    await assert.rejects(removeFinalizer(resource, seen([ours]), ours), { code: 'KUBE_CONFLICT' });
    assert.equal(server.requests.length, 10);
  });

  it('is seen on an object', () => {
    assert.equal(hasFinalizer(seen([ours]), ours), true);
    assert.equal(hasFinalizer(seen([theirs]), ours), false);
    assert.equal(hasFinalizer(seen(undefined), ours), false);
  });
});
