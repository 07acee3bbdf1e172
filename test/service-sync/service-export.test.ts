import assert from 'node:assert/strict';
import { exportOfAnnotations } from '../../operator/service-sync/service-annotations.ts';
import { covers, exportOfResource, rankOf, usesPods } from '../../operator/service-sync/service-export.ts';
import { nacosService, service } from './objects.ts';

describe('which Services an export covers', () => {
  const selector = { matchLabels: { app: 'shop' } };
  const cases: [string, ReturnType<typeof nacosService>, ReturnType<typeof service>, boolean][] = [
    ['the one that is named', nacosService(), service(), true],
    ['no other', nacosService(), service({ name: 'other' }), false],
    ['none of another namespace', nacosService(), service({ namespace: 'other' }), false],
    [
      'those that are selected',
      nacosService({ source: { serviceSelector: selector } }),
      service({ labels: { app: 'shop' } }),
      true,
    ],
    ['not those that are not', nacosService({ source: { serviceSelector: selector } }), service(), false],
  ];
  for (const [title, resource, target, expected] of cases) {
    it(title, () => assert.equal(covers(resource, target), expected));
  }
});

describe('the need for pods', () => {
  it('is there for labels and for annotations only', () => {
    assert.equal(usesPods(exportOfResource(nacosService())), false);
    assert.equal(usesPods(exportOfResource(nacosService({ podAnnotations: 'Use' }))), true);
    assert.equal(usesPods(exportOfResource(nacosService({ metadataFrom: { labels: ['app'] } }))), true);
  });
});

describe('who comes first of those that want a name', () => {
  const resource = nacosService({}, { creationTimestamp: '2026-01-02T00:00:00Z' });
  const annotated = exportOfAnnotations(
    service({ annotations: { 'bridge.nacos.io/export': 'true' }, creationTimestamp: '2026-01-01T00:00:00Z' }),
  );
  assert.ok(annotated);
  const rank = (rules = exportOfResource(resource), of: Partial<ReturnType<typeof service>['metadata']> = {}) =>
    rankOf(rules, service(of));
  const older = exportOfResource(nacosService({}, { name: 'z', creationTimestamp: '2026-01-01T00:00:00Z' }));
  const twin = exportOfResource(nacosService({}, { name: 'a', creationTimestamp: '2026-01-02T00:00:00Z' }));
  const cases: [string, string, string][] = [
    ['a resource before annotations', rank(), rank(annotated)],
    ['the older resource', rank(older), rank()],
    ['of two of one age the first by name', rank(twin), rank()],
    [
      'the older Service of one resource',
      rank(undefined, { name: 'z', creationTimestamp: '2026-01-01T00:00:00Z' }),
      rank(undefined, { name: 'a', creationTimestamp: '2026-01-02T00:00:00Z' }),
    ],
    ['of two Services of one age the first by name', rank(undefined, { name: 'a' }), rank(undefined, { name: 'b' })],
  ];
  for (const [title, first, second] of cases) it(`is ${title}`, () => assert.ok(first < second));
});
