import assert from 'node:assert/strict';
import { SeenMirrors } from '../../../operator/config-sync/mirror/seen-mirrors.ts';
import type { KubeObject } from '../../../operator/kube/resource.ts';
import { Store } from '../../../operator/kube/store.ts';

const CONFIG = 'ns/config';

/** Versions of the object, in their order; `gone` is none of it. */
type Version = '1' | '2' | '3' | 'gone';

const cases: { what: string; before: Version; during: Version[]; answer: Version; after: Version[]; news: number }[] = [
  { what: 'our write, after its answer', before: '1', during: [], answer: '2', after: ['2'], news: 0 },
  { what: 'our write, before its answer', before: '1', during: ['2'], answer: '2', after: [], news: 0 },
  { what: 'our creation, after its answer', before: 'gone', during: [], answer: '2', after: ['2'], news: 0 },
  { what: 'our creation, before its answer', before: 'gone', during: ['2'], answer: '2', after: [], news: 0 },
  { what: 'an edit, then our write', before: '1', during: ['2', '3'], answer: '3', after: [], news: 0 },
  { what: 'an edit, and our write later', before: '1', during: ['2'], answer: '3', after: ['3'], news: 1 },
  { what: 'our write, then an edit', before: '1', during: ['2', '3'], answer: '2', after: [], news: 1 },
  { what: 'our write, and an edit later', before: '1', during: ['2'], answer: '2', after: ['3'], news: 1 },
  { what: 'an edit after our write, which was not told', before: '1', during: [], answer: '2', after: ['3'], news: 1 },
  { what: 'our write, then a deletion', before: '1', during: ['2', 'gone'], answer: '2', after: [], news: 1 },
  { what: 'our write, and a deletion later', before: '1', during: ['2'], answer: '2', after: ['gone'], news: 1 },
  { what: 'a write without an answer', before: '1', during: ['2'], answer: '1', after: [], news: 1 },
  { what: 'a write without an answer, later', before: '1', during: [], answer: '1', after: ['2'], news: 1 },
  { what: 'nothing while a write fails', before: '1', during: [], answer: '1', after: [], news: 0 },
];

describe('seen mirrors', () => {
  for (const { what, before, during, answer, after, news } of cases) {
    it(`${news === 0 ? 'take no notice' : 'tell'} of ${what}`, () => {
      const watched = new Watched();
      watched.shows(before);
      watched.seen.set(CONFIG, seenAs(before));
      watched.news.length = 0;
      watched.seen.begin(CONFIG, 'ConfigMap', 'ns/mirror');
      for (const version of during) watched.shows(version);
      assert.deepEqual(watched.news, [], 'nothing is judged before the answer');
      if (answer !== before) watched.seen.set(CONFIG, seenAs(answer));
      watched.seen.end(CONFIG, watched.store.get('ns/mirror'));
      for (const version of after) watched.shows(version);
      assert.equal(watched.news.length, news);
    });
  }

  it('tell of other objects, and of those that were never seen, at once', () => {
    const watched = new Watched();
    watched.seen.begin(CONFIG, 'ConfigMap', 'ns/mirror');
    watched.shows('1', { name: 'former' });
    watched.shows('1', { kind: 'Secret' });
    assert.deepEqual(watched.news, [CONFIG, CONFIG]);
    watched.seen.end(CONFIG, undefined);
    watched.shows('2');
    assert.equal(watched.news.length, 3);
  });

  it('know an object by its version, and no other in its place', () => {
    const { seen } = new Watched();
    seen.set(CONFIG, seenAs('2'));
    const other = object('2', { uid: 'other' });
    const found = [object('2'), object('1'), other, undefined].map((one) => seen.of(CONFIG, one) !== undefined);
    assert.deepEqual(found, [true, false, false, false]);
    seen.forget(CONFIG);
    assert.equal(seen.of(CONFIG, object('2')), undefined);
  });
});

/** Seen mirrors, and a store of what the watch shows. */
class Watched {
  readonly news: string[] = [];
  readonly seen = new SeenMirrors((key) => void this.news.push(key));
  readonly store = new Store<KubeObject>();

  constructor() {
    this.store.onChange((change) => void (this.seen.isNews(CONFIG, change) && this.news.push(CONFIG)));
  }

  shows(version: Version, identity: { name?: string; kind?: string } = {}): void {
    if (version !== 'gone') return this.store.applyEvent('MODIFIED', object(version, identity));
    const existing = this.store.get('ns/mirror');
    if (existing) this.store.applyEvent('DELETED', existing);
  }
}

function object(resourceVersion: string, { name = 'mirror', kind = 'ConfigMap', uid = 'uid' } = {}): KubeObject {
  return { kind, metadata: { namespace: 'ns', name, uid, resourceVersion } };
}

function seenAs(resourceVersion: Version): {
  what: string;
  uid: string;
  resourceVersion: string;
  isOursAlone: boolean;
  keys: string[];
} {
  return { what: '', uid: 'uid', resourceVersion, isOursAlone: true, keys: ['key'] };
}
