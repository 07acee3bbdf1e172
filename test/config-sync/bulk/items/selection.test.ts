import assert from 'node:assert/strict';
import { MIRROR_LABEL } from '../../../../operator/api/names.ts';
import type { NacosConfigSync } from '../../../../operator/api/resources.ts';
import { isSelected, type Candidate } from '../../../../operator/config-sync/bulk/items/selection.ts';
import type { ObjectMeta } from '../../../../operator/kube/resource.ts';
import { syncOf } from '../samples.ts';

type Spec = Partial<NacosConfigSync['spec']>;
type Kubernetes = NonNullable<Spec['kubernetes']>;

const base: Kubernetes = { kinds: ['ConfigMap'], all: false, allowSecretExport: false };
const byLabel: Spec = { kubernetes: { ...base, selector: { matchLabels: { nacos: 'yes' } } } };
const all: Spec = { kubernetes: { ...base, kinds: ['ConfigMap', 'Secret'], all: true } };
const byName: Spec = { mapping: { preset: 'SingleObject', objectName: 'app' } };
const controlled = { ownerReferences: [{ apiVersion: 'v1', kind: 'Other', name: 'o', uid: 'u', controller: true }] };

interface Case {
  title: string;
  /** What differs from: a ConfigMap `app` with the label. */
  metadata?: Partial<ObjectMeta>;
  candidate?: Partial<Candidate>;
  /** By label, by `all`, by name. */
  selected: [boolean, boolean, boolean];
}

const cases: Case[] = [
  { title: 'one with the label', selected: [true, true, true] },
  { title: 'one without it', metadata: { labels: {} }, selected: [false, true, true] },
  { title: 'another one', metadata: { name: 'other' }, selected: [true, true, false] },
  {
    title: 'a mirror',
    metadata: { labels: { nacos: 'yes', [MIRROR_LABEL]: 'true' } },
    selected: [false, false, false],
  },
  { title: 'one that goes', metadata: { deletionTimestamp: 'now' }, selected: [false, false, false] },
  { title: "somebody's product", metadata: controlled, selected: [true, false, true] },
  { title: 'the certificate of the cluster', metadata: { name: 'kube-root-ca.crt' }, selected: [true, false, false] },
  { title: 'a Secret', candidate: { kind: 'Secret' }, selected: [false, true, false] },
  { title: 'the login of a connection', candidate: { kind: 'Secret', isLogin: true }, selected: [false, false, false] },
];

describe('the selection of objects', () => {
  for (const { title, metadata, candidate, selected } of cases) {
    it(`of ${title}: by label, by all, by name ${selected.join(', ')}`, () => {
      const object = { metadata: { name: 'app', namespace: 'shop', labels: { nacos: 'yes' }, ...metadata } };
      const asked: Candidate = { kind: 'ConfigMap', isLogin: false, object, ...candidate };
      assert.deepEqual(
        [byLabel, all, byName].map((spec) => isSelected(syncOf(spec), asked)),
        selected,
      );
    });
  }

  it('takes those that are named, as it takes the one of a preset', () => {
    const named = syncOf({ kubernetes: { ...base, names: ['app', 'more'] } });
    const taken = ['app', 'more', 'other'].filter((name) =>
      isSelected(named, { kind: 'ConfigMap', isLogin: false, object: { metadata: { name, namespace: 'shop' } } }),
    );
    assert.deepEqual(taken, ['app', 'more']);
  });

  it('never takes the product of somebody where both sides write', () => {
    const object = { metadata: { name: 'app', namespace: 'shop', labels: { nacos: 'yes' }, ...controlled } };
    assert.equal(
      isSelected(syncOf({ ...byLabel, source: 'Both' }), { kind: 'ConfigMap', isLogin: false, object }),
      false,
    );
  });

  it('takes with all only Secrets that people made', () => {
    const secret = (type: string): Candidate => {
      const object = { metadata: { name: 'app', namespace: 'shop', labels: { nacos: 'yes' } }, type };
      return { kind: 'Secret', isLogin: false, object };
    };
    const types = ['Opaque', 'kubernetes.io/tls', 'helm.sh/release.v1'];
    assert.deepEqual(
      types.map((type) => isSelected(syncOf(all), secret(type))),
      [true, false, false],
    );
    const labelled: Spec = { kubernetes: { ...base, kinds: ['Secret'], selector: { matchLabels: { nacos: 'yes' } } } };
    assert.equal(isSelected(syncOf(labelled), secret('kubernetes.io/tls')), true);
  });
});
