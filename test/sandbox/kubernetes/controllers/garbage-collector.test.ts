import assert from 'node:assert/strict';
import type { DeleteOptions } from '../../../../sandbox/kubernetes/cluster.ts';
import type { OwnerReference } from '../../../../sandbox/kubernetes/object.ts';
import { ControllerWorld } from './controller-world.ts';

/** Names of owners; `gone` stands for one that never existed. */
type Owners = readonly string[];

interface Case {
  readonly title: string;
  /** ConfigMaps in the order of their creation, with their owners. */
  readonly objects: Readonly<Record<string, Owners>>;
  readonly finalizers?: Readonly<Record<string, readonly string[]>>;
  /** References of this object do not block the deletion of the owner. */
  readonly notBlocking?: readonly string[];
  readonly delete?: string;
  readonly policy?: DeleteOptions['propagationPolicy'];
  /** What is left, with its owners. */
  readonly left: Readonly<Record<string, Owners>>;
  /** Which of those are being deleted. */
  readonly deleting?: readonly string[];
}

const cases: Case[] = [
  { title: 'an object goes with its owner', objects: { a: [], b: ['a'] }, delete: 'a', left: {} },
  { title: 'so do those that it owns in turn', objects: { a: [], b: ['a'], c: ['b'] }, delete: 'a', left: {} },
  { title: 'an object without owners stays', objects: { a: [], b: [] }, delete: 'a', left: { b: [] } },
  {
    title: 'an object stays while one of its owners does, and loses the reference to the other',
    objects: { a: [], b: [], c: ['a', 'b'] },
    delete: 'a',
    left: { b: [], c: ['b'] },
  },
  { title: 'an object whose owner never existed goes', objects: { a: ['gone'] }, left: {} },
  {
    title: 'one that has an owner as well loses the reference',
    objects: { a: [], b: ['gone', 'a'] },
    left: { a: [], b: ['a'] },
  },
  {
    title: 'a finalizer holds a dependent, not the owner',
    objects: { a: [], b: ['a'] },
    finalizers: { b: ['test/hold'] },
    delete: 'a',
    left: { b: ['a'] },
    deleting: ['b'],
  },
  {
    title: 'Foreground: the owner goes after its dependents',
    objects: { a: [], b: ['a'], c: ['b'] },
    delete: 'a',
    policy: 'Foreground',
    left: {},
  },
  {
    title: 'Foreground: the owner waits for a dependent that is held',
    objects: { a: [], b: ['a'] },
    finalizers: { b: ['test/hold'] },
    delete: 'a',
    policy: 'Foreground',
    left: { a: [], b: ['a'] },
    deleting: ['a', 'b'],
  },
  {
    title: 'Foreground: the owner does not wait for a dependent that does not block',
    objects: { a: [], b: ['a'] },
    finalizers: { b: ['test/hold'] },
    notBlocking: ['b'],
    delete: 'a',
    policy: 'Foreground',
    left: { b: ['a'] },
    deleting: ['b'],
  },
  {
    title: 'Foreground: a dependent with another owner stays',
    objects: { a: [], b: [], c: ['a', 'b'] },
    delete: 'a',
    policy: 'Foreground',
    left: { b: [], c: ['b'] },
  },
  {
    title: 'Orphan: dependents stay without the reference',
    objects: { a: [], b: ['a'] },
    delete: 'a',
    policy: 'Orphan',
    left: { b: [] },
  },
  {
    title: 'Orphan: what the dependents own stays theirs',
    objects: { a: [], b: ['a'], c: ['b'] },
    delete: 'a',
    policy: 'Orphan',
    left: { b: [], c: ['b'] },
  },
];

describe('the garbage collector', () => {
  let world: ControllerWorld;

  beforeEach(async () => {
    world = await ControllerWorld.start();
  });

  afterEach(() => world.stop());

  function reference(name: string, blockOwnerDeletion = true): OwnerReference {
    const uid = world.get('ConfigMap', name)?.metadata.uid ?? `uid-of-${name}`;
    return { apiVersion: 'v1', kind: 'ConfigMap', name, uid, blockOwnerDeletion };
  }

  function create(name: string, owners: Owners, finalizers: readonly string[] = [], isBlocking = true): void {
    const ownerReferences = owners.map((owner) => reference(owner, isBlocking));
    world.create({ kind: 'ConfigMap', metadata: { name, ownerReferences, finalizers } });
  }

  function left(): Record<string, Owners> {
    const objects = world.list('ConfigMap').filter(({ metadata }) => metadata.name.length === 1);
    return Object.fromEntries(
      objects.map(({ metadata }) => [metadata.name, (metadata.ownerReferences ?? []).map(({ name }) => name)]),
    );
  }

  for (const { title, objects, finalizers = {}, notBlocking = [], ...rest } of cases) {
    it(title, async () => {
      for (const [name, owners] of Object.entries(objects)) {
        create(name, owners, finalizers[name], !notBlocking.includes(name));
      }
      await world.rest();
      if (rest.delete) world.delete('ConfigMap', rest.delete, { propagationPolicy: rest.policy ?? 'Background' });
      await world.rest();
      assert.deepEqual(left(), rest.left);
      const deleting = world.list('ConfigMap').filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
      assert.deepEqual(
        deleting.map(({ metadata }) => metadata.name),
        rest.deleting ?? [],
      );
    });
  }

  it('takes another object of the same name for no owner', async () => {
    create('a', []);
    create('b', ['a']);
    world.stop();
    world.delete('ConfigMap', 'a');
    create('a', []);
    world.startControllers();
    await world.rest();
    assert.deepEqual(left(), { a: [] });
  });

  it('lets the owner go when the dependent that held it is released', async () => {
    create('a', []);
    create('b', ['a'], ['test/hold']);
    world.delete('ConfigMap', 'a', { propagationPolicy: 'Foreground' });
    await world.rest();
    world.patch('ConfigMap', 'b', { metadata: { finalizers: null } });
    await world.rest();
    assert.deepEqual(left(), {});
  });

  it('leaves alone what is owned by a type that is not served', async () => {
    const owner = { apiVersion: 'unknown.test/v1', kind: 'Thing', name: 'thing', uid: 'some-uid' };
    world.create({ kind: 'ConfigMap', metadata: { name: 'a', ownerReferences: [owner] } });
    await world.rest();
    assert.deepEqual(left(), { a: ['thing'] });
  });

  it('collects a thousand dependents without holding up the event loop', async () => {
    create('a', []);
    for (let number = 0; number < 1000; number += 1) {
      world.create({ kind: 'Secret', metadata: { name: `s${number}`, ownerReferences: [reference('a')] } });
    }
    world.delete('ConfigMap', 'a');
    await world.rest();
    assert.deepEqual(world.list('Secret'), []);
  });
});
