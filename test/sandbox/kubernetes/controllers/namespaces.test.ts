import assert from 'node:assert/strict';
import type { Namespace } from '../../../../sandbox/kubernetes/controllers/shapes.ts';
import { ControllerWorld } from './controller-world.ts';

describe('namespaces', () => {
  let world: ControllerWorld;

  beforeEach(async () => {
    world = await ControllerWorld.start({ rootCertificate: 'PEM', longestPodGraceMs: 50 });
    world.create({ kind: 'Namespace', metadata: { name: 'demo' } });
    await world.rest();
  });

  afterEach(() => world.stop());

  const inDemo = (name: string) => ({ name, namespace: 'demo' });

  it('have a ServiceAccount and the CA of the API server', () => {
    assert.ok(world.get('ServiceAccount', 'default', 'demo'));
    assert.deepEqual(world.get('ConfigMap', 'kube-root-ca.crt', 'demo')?.['data'], { 'ca.crt': 'PEM' });
  });

  it('get these again when they are deleted', async () => {
    world.delete('ServiceAccount', 'default', {}, 'demo');
    world.delete('ConfigMap', 'kube-root-ca.crt', {}, 'demo');
    await world.rest();
    assert.ok(world.get('ServiceAccount', 'default', 'demo'));
    assert.ok(world.get('ConfigMap', 'kube-root-ca.crt', 'demo'));
  });

  it('go with all that is in them, and nothing else goes', async () => {
    for (let number = 0; number < 50; number += 1) world.create({ kind: 'Secret', metadata: inDemo(`s${number}`) });
    const containers = [{ name: 'main', image: 'one' }];
    world.create({ kind: 'Pod', metadata: inDemo('pod'), spec: { containers } });
    world.create({ kind: 'Secret', metadata: { name: 'elsewhere' } });
    await world.advance(100);
    world.delete('Namespace', 'demo');
    await world.advance(2000, 100);
    assert.equal(world.get('Namespace', 'demo'), undefined);
    for (const kind of ['Secret', 'Pod', 'ServiceAccount', 'ConfigMap', 'Event']) {
      assert.deepEqual(world.list(kind, 'demo'), [], kind);
    }
    assert.ok(world.get('Secret', 'elsewhere'));
  });

  it('wait for what finalizers hold, and say so', async () => {
    world.create({ kind: 'ConfigMap', metadata: { ...inDemo('held'), finalizers: ['test/hold'] } });
    world.delete('Namespace', 'demo');
    await world.advance(2000, 500);
    assert.deepEqual(
      world.list('ConfigMap', 'demo').map(({ metadata }) => metadata.name),
      ['held'],
    );
    const { status } = world.get('Namespace', 'demo') as Namespace;
    assert.equal(status?.phase, 'Terminating');
    const messages = Object.fromEntries((status.conditions ?? []).map(({ type, message = '' }) => [type, message]));
    assert.match(messages['NamespaceContentRemaining'] ?? '', /1 configmaps/);
    assert.match(messages['NamespaceFinalizersRemaining'] ?? '', /1 test\/hold/);
    world.patch('ConfigMap', 'held', { metadata: { finalizers: null } }, undefined, 'demo');
    await world.rest();
    assert.equal(world.get('Namespace', 'demo'), undefined);
  });

  it('are finished by controllers that start when they are deleted already', async () => {
    world.stop();
    world.delete('Namespace', 'demo');
    world.startControllers();
    await world.advance(100);
    assert.equal(world.get('Namespace', 'demo'), undefined);
  });
});

describe('a CustomResourceDefinition that is deleted', () => {
  const definition = {
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.test' },
    spec: {
      group: 'example.test',
      scope: 'Namespaced',
      names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  };
  let world: ControllerWorld;

  beforeEach(async () => {
    world = await ControllerWorld.start();
    world.create(definition);
    await world.rest();
  });

  afterEach(() => world.stop());

  const thing = (name: string, finalizers: string[] = []) =>
    world.create({ apiVersion: 'example.test/v1', kind: 'Thing', metadata: { name, finalizers } });

  it('takes its objects with it', async () => {
    const type = () => world.type('Thing', 'example.test/v1');
    thing('one');
    thing('two', ['test/hold']);
    await world.rest();
    world.delete('CustomResourceDefinition', 'things.example.test');
    await world.rest();
    assert.deepEqual(
      world.list('Thing', 'default', 'example.test/v1').map(({ metadata }) => metadata.name),
      ['two'],
    );
    world.cluster.patch(type(), 'default', 'two', 'merge', { metadata: { finalizers: null } }, { manager: 'test' });
    await world.rest();
    assert.equal(world.get('CustomResourceDefinition', 'things.example.test'), undefined);
    assert.throws(type);
  });

  it('is gone at once when there are none', async () => {
    world.delete('CustomResourceDefinition', 'things.example.test');
    await world.rest();
    assert.equal(world.get('CustomResourceDefinition', 'things.example.test'), undefined);
  });
});
