import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { KubeObject } from '../../operator/kube/resource.ts';
import { Store } from '../../operator/kube/store.ts';
import type { StoreChange } from '../../operator/kube/store.ts';

interface Item extends KubeObject {
  color?: string;
}

function item(name: string, version = '1', uid = `uid-${name}`, color?: string): Item {
  const [namespace, rest] = name.includes('/') ? name.split('/') : ['a', name];
  return { metadata: { name: rest ?? name, namespace, uid, resourceVersion: version }, color };
}

function recordedStore(): { store: Store<Item>; changes: string[] } {
  const store = new Store<Item>({ indexes: { color: ({ color }) => (color === undefined ? [] : [color]) } });
  const changes: string[] = [];
  store.onChange(({ key, previous, current, initial }) => {
    const what = previous === undefined ? 'add' : current === undefined ? 'delete' : 'update';
    changes.push(`${initial ? 'initial ' : ''}${what} ${key}`);
  });
  return { store, changes };
}

describe('a store', () => {
  it('tells the first list as initial and later ones as their difference', () => {
    const { store, changes } = recordedStore();
    store.replace([item('x'), item('y')]);
    store.replace([item('x'), item('y', '2'), item('z')]);
    store.replace([item('y', '2')]);
    assert.deepEqual(changes, [
      'initial add a/x',
      'initial add a/y',
      'update a/y',
      'add a/z',
      'delete a/x',
      'delete a/z',
    ]);
  });

  it('tells an object with another uid as deleted and added', () => {
    const { store, changes } = recordedStore();
    store.replace([item('x')]);
    store.replace([item('x', '2', 'other')]);
    store.applyEvent('ADDED', item('x', '3', 'third'));
    assert.deepEqual(changes.slice(1), ['delete a/x', 'add a/x', 'delete a/x', 'add a/x']);
  });

  it('tells nothing when the same version comes again', () => {
    const { store, changes } = recordedStore();
    store.replace([item('x')]);
    store.applyEvent('MODIFIED', item('x'));
    store.applyEvent('DELETED', item('y'));
    store.applyEvent('DELETED', item('x', '9', 'an earlier one'));
    assert.deepEqual(changes, ['initial add a/x']);
  });

  it('knows whether the first list of a namespace has arrived', () => {
    const { store } = recordedStore();
    assert.equal(store.isListed('a'), false);
    store.replace([], 'a');
    assert.deepEqual([store.isListed('a'), store.isListed('b')], [true, false]);
    store.replace([]);
    assert.equal(store.isListed('b'), true);
  });

  it('replaces one namespace without touching the others', () => {
    const { store, changes } = recordedStore();
    store.replace([item('a/x')], 'a');
    store.replace([item('b/y')], 'b');
    store.replace([], 'a');
    assert.deepEqual(changes, ['initial add a/x', 'initial add b/y', 'delete a/x']);
    assert.deepEqual(store.keys(), ['b/y']);
  });

  it('finds objects by index as they are now', () => {
    const { store } = recordedStore();
    store.replace([item('x', '1', 'x', 'red'), item('y', '1', 'y', 'red')]);
    store.applyEvent('MODIFIED', item('x', '2', 'x', 'blue'));
    store.applyEvent('DELETED', item('y', '3', 'y', 'red'));
    assert.deepEqual(store.byIndex('color', 'red'), []);
    assert.deepEqual(store.byIndex('color', 'blue'), [store.get('a/x')]);
    assert.throws(() => store.byIndex('size', 'big'), /no index 'size'/);
  });

  it('transforms objects before they are stored', () => {
    const store = new Store<Item>({ transform: (object) => ({ ...object, color: undefined }) });
    store.replace([item('x', '1', 'x', 'red')]);
    assert.equal(store.get('a/x')?.color, undefined);
  });

  it('keeps the spec that an object has, also when its generation is the same', () => {
    const store = new Store<Item & { spec?: unknown }>();
    const pod = { metadata: { name: 'x', namespace: 'a', uid: 'u', generation: 1 } };
    store.applyEvent('ADDED', { ...pod, metadata: { ...pod.metadata, resourceVersion: '1' }, spec: {} });
    const spec = { nodeName: 'node' };
    store.applyEvent('MODIFIED', { ...pod, metadata: { ...pod.metadata, resourceVersion: '2' }, spec });
    assert.equal(store.get('a/x')?.spec, spec);
  });

  it('keeps one copy of a spec for as long as its generation is the same, where that is promised', () => {
    const store = new Store<Item & { spec?: unknown; status?: unknown }>({ specFollowsGeneration: true });
    const versioned = (version: string, generation: number, uid = 'uid') => ({
      metadata: { name: 'x', namespace: 'a', uid, resourceVersion: version, generation },
      spec: { content: 'long' },
      status: version,
    });
    const specs = [versioned('1', 1), versioned('2', 1), versioned('3', 2), versioned('4', 2, 'other')].map(
      (object) => {
        store.applyEvent('MODIFIED', object);
        assert.equal(store.get('a/x')?.status, object.status);
        return store.get('a/x')?.spec;
      },
    );
    assert.equal(specs[0], specs[1]);
    assert.equal(new Set(specs).size, 3);
  });

  it('tells every listener of every change though one of them throws', () => {
    const store = new Store<Item>();
    const told: string[] = [];
    store.onChange(() => {
      throw new Error('broken');
    });
    const stop = store.onChange(({ key }) => told.push(key));
    assert.throws(() => store.replace([item('x'), item('y')]), AggregateError);
    stop();
    assert.throws(() => store.applyEvent('ADDED', item('z')), AggregateError);
    assert.deepEqual(told, ['a/x', 'a/y']);
    assert.deepEqual(store.keys(), ['a/x', 'a/y', 'a/z']);
  });

  it('shows a listener the state after the change', () => {
    const store = new Store<Item>();
    store.onChange(({ key, current }) => assert.equal(store.get(key), current));
    store.applyEvent('ADDED', item('x'));
    store.applyEvent('MODIFIED', item('x', '2'));
    store.applyEvent('DELETED', item('x', '3'));
  });

  it('lets a listener rebuild it from what it is told, through any lists and events', () => {
    const object = fc
      .tuple(
        fc.constantFrom('a/x', 'a/y', 'b/x', 'b/z'),
        fc.constantFrom('1', '2', '3'),
        fc.constantFrom('u', 'v'),
        fc.constantFrom('red', 'blue', undefined),
      )
      .map(([name, version, uid, color]) => item(name, `${version}${color}`, uid, color));
    const list = fc.uniqueArray(object, { selector: keyOf, maxLength: 4 });
    const change = fc.oneof(
      fc.record({ type: fc.constantFrom('ADDED', 'MODIFIED', 'DELETED'), object }),
      fc.record({ list, namespace: fc.constantFrom('a', 'b', undefined) }),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
        const store = new Store<Item>({ indexes: { color: ({ color }) => (color === undefined ? [] : [color]) } });
        const rebuilt = new Map<string, Item>();
        store.onChange((told) => rebuild(rebuilt, told));
        for (const next of changes) {
          if ('type' in next) store.applyEvent(next.type, next.object);
          else store.replace(withinNamespace(next.list, next.namespace), next.namespace);
          assert.deepEqual(new Map(store.list().map((each) => [keyOf(each), each])), rebuilt);
          for (const color of ['red', 'blue']) {
            const expected = store.list().filter((each) => each.color === color);
            assert.deepEqual(new Set(store.byIndex('color', color)), new Set(expected));
          }
        }
      }),
    );
  });
});

function rebuild(rebuilt: Map<string, Item>, { key, previous, current }: StoreChange<Item>): void {
  assert.equal(rebuilt.get(key), previous);
  if (current === undefined) rebuilt.delete(key);
  else rebuilt.set(key, current);
}

function withinNamespace(items: Item[], namespace: string | undefined): Item[] {
  return items.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace);
}

function keyOf({ metadata }: Item): string {
  return `${metadata.namespace}/${metadata.name}`;
}
