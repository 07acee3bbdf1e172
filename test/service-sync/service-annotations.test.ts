import assert from 'node:assert/strict';
import { DEFAULT_CONNECTION } from '../../operator/connections/connection-key.ts';
import { annotationMistake, exportOfAnnotations } from '../../operator/service-sync/service-annotations.ts';
import { exportOfResource } from '../../operator/service-sync/service-export.ts';
import { nacosService, service } from './objects.ts';

describe('an export by annotation', () => {
  it('needs the word true', () => {
    assert.equal(exportOfAnnotations(service()), undefined);
    assert.equal(exportOfAnnotations(service({ annotations: { 'bridge.nacos.io/export': 'yes' } })), undefined);
  });

  it('has the defaults of a resource', () => {
    const annotated = exportOfAnnotations(service({ annotations: { 'bridge.nacos.io/export': 'true' } }));
    const { id, owner, needsPorts, ...rest } = exportOfResource(nacosService());
    assert.deepEqual({ ...annotated, id, owner, needsPorts }, { ...rest, id, owner, needsPorts });
    assert.equal(annotated?.connection, DEFAULT_CONNECTION);
  });

  it('takes name, group and connection from their annotations', () => {
    const annotations = {
      'bridge.nacos.io/export': 'true',
      'bridge.nacos.io/service-name': 'shop-{service}',
      'bridge.nacos.io/group': 'SHOP',
      'bridge.nacos.io/connection': 'main',
    };
    const annotated = exportOfAnnotations(service({ annotations }));
    assert.equal(annotated?.serviceName, 'shop-{service}');
    assert.equal(annotated.group, 'SHOP');
    assert.equal(annotated.connection, 'shop/main');
  });
});

describe('a mistake in the annotations of a Service', () => {
  const key = (name: string) => `bridge.nacos.io/${name}`;
  const cases: [string, Record<string, string>, RegExp | undefined][] = [
    ['none', { [key('export')]: 'true', [key('group')]: 'g', other: 'x' }, undefined],
    ['none when it says no', { [key('export')]: 'false', [key('group')]: 'g' }, undefined],
    ['none when there are none of ours', { export: 'yes' }, undefined],
    ['another word for true', { [key('export')]: 'True' }, /must be "true" or "false", and is 'True'/],
    ['an unknown one', { [key('export')]: 'true', [key('groop')]: 'g' }, /`bridge.nacos.io\/groop` means nothing/],
    ['one without effect', { [key('group')]: 'g' }, /`bridge.nacos.io\/group` means nothing without/],
  ];
  for (const [title, annotations, expected] of cases) {
    it(`is ${title}`, () => {
      const mistake = annotationMistake(service({ annotations }));
      if (expected) assert.match(mistake ?? '', expected);
      else assert.equal(mistake, undefined);
    });
  }
});
