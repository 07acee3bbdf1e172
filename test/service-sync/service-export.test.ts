import assert from 'node:assert/strict';
import { DEFAULT_CONNECTION } from '../../operator/connections/connection-key.ts';
import {
  covers,
  exportOfAnnotations,
  exportOfResource,
  namePorts,
  usesPods,
} from '../../operator/service-sync/service-export.ts';
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

describe('an export by annotation', () => {
  it('needs the word true', () => {
    assert.equal(exportOfAnnotations(service()), undefined);
    assert.equal(exportOfAnnotations(service({ annotations: { 'bridge.nacos.io/export': 'yes' } })), undefined);
  });

  it('has the defaults of a resource', () => {
    const annotated = exportOfAnnotations(service({ annotations: { 'bridge.nacos.io/export': 'true' } }));
    const { id, owner, ...rest } = exportOfResource(nacosService());
    assert.deepEqual({ ...annotated, id, owner }, { ...rest, id, owner });
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

describe('the need for pods', () => {
  it('is there for labels and for annotations only', () => {
    assert.equal(usesPods(exportOfResource(nacosService())), false);
    assert.equal(usesPods(exportOfResource(nacosService({ podAnnotations: 'Use' }))), true);
    assert.equal(usesPods(exportOfResource(nacosService({ metadataFrom: { labels: ['app'] } }))), true);
  });
});

describe('the names of ports', () => {
  const two = service({
    ports: [
      { name: 'http', port: 80 },
      { name: 'grpc', port: 90 },
    ],
  });
  const cases: [string, ReturnType<typeof service>, Parameters<typeof nacosService>[0], [string, string][]][] = [
    [
      'the first has the name of the service, the others add theirs',
      two,
      {},
      [
        ['orders', 'http'],
        ['orders-grpc', 'grpc'],
      ],
    ],
    ['a port without a name', service({ ports: [{ port: 80 }] }), {}, [['orders', '']]],
    [
      'a template',
      two,
      { serviceName: 'a-{service}-b' },
      [
        ['a-orders-b', 'http'],
        ['a-orders-b-grpc', 'grpc'],
      ],
    ],
    [
      'ports that are chosen: the first of the list is the first',
      two,
      { ports: [{ name: 'grpc' }] },
      [['orders', 'grpc']],
    ],
    [
      'by number, with a name of their own',
      two,
      { ports: [{ number: 80 }, { number: 90, serviceName: 'rpc' }] },
      [
        ['orders', 'http'],
        ['rpc', 'grpc'],
      ],
    ],
    [
      'ports that the Service does not have',
      two,
      { ports: [{ name: 'absent' }, { name: 'grpc' }] },
      [['orders', 'grpc']],
    ],
    ['no ports at all', service({ ports: [] }), {}, []],
  ];
  for (const [title, target, spec, expected] of cases) {
    it(title, () => {
      const named = namePorts(target, exportOfResource(nacosService(spec)));
      assert.deepEqual(
        named.map(({ serviceName, portName }) => [serviceName, portName]),
        expected,
      );
    });
  }
});
