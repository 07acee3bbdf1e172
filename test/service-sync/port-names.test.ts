import assert from 'node:assert/strict';
import { namePorts } from '../../operator/service-sync/port-names.ts';
import { exportOfResource } from '../../operator/service-sync/service-export.ts';
import { nacosService, service } from './objects.ts';

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
    [
      'without a list TCP ports alone',
      service({
        ports: [
          { name: 'dns', port: 53, protocol: 'UDP' },
          { name: 'dns-tcp', port: 53, protocol: 'TCP' },
          { name: 'web', port: 80 },
        ],
      }),
      {},
      [
        ['orders', 'dns-tcp'],
        ['orders-web', 'web'],
      ],
    ],
    [
      'with a list also others',
      service({ ports: [{ name: 'dns', port: 53, protocol: 'UDP' }] }),
      { ports: [{ name: 'dns' }] },
      [['orders', 'dns']],
    ],
    ['no ports at all', service({ ports: [] }), {}, []],
  ];
  for (const [title, target, spec, expected] of cases) {
    it(title, () => {
      const { ports: named } = namePorts(target, exportOfResource(nacosService(spec)));
      assert.deepEqual(
        named.map(({ serviceName, portName }) => [serviceName, portName]),
        expected,
      );
    });
  }

  const problems: [string, ReturnType<typeof service>, Parameters<typeof nacosService>[0], RegExp | undefined][] = [
    ['nothing when all is there', two, { ports: [{ name: 'http' }] }, undefined],
    [
      'a typo in the ports of one Service',
      two,
      { ports: [{ name: 'htp' }, { name: 'grpc' }] },
      /'htp' is none of its ports; it has http 80, grpc 90/,
    ],
    [
      'nothing of a port that some of many Services lack',
      two,
      { ports: [{ name: 'htp' }, { name: 'grpc' }], source: { serviceSelector: {} } },
      undefined,
    ],
    [
      'that none of the listed ports is there',
      two,
      { ports: [{ number: 81 }] },
      /it has none of the ports that are listed; it has http 80/,
    ],
    ['that there are no ports', service({ ports: [] }), {}, /it has no ports/],
    [
      'that there is no TCP port',
      service({ ports: [{ port: 53, protocol: 'UDP' }] }),
      {},
      /it has 53 UDP, and only TCP ports are published unless/,
    ],
    [
      'that it has no endpoints',
      service({}, { type: 'ExternalName' }),
      {},
      /type ExternalName, which has no endpoints/,
    ],
  ];
  for (const [title, target, spec, expected] of problems) {
    it(`tell ${title}`, () => {
      const [problem] = namePorts(target, exportOfResource(nacosService(spec))).problems;
      if (expected) assert.match(problem?.message ?? '', expected);
      else assert.equal(problem, undefined);
    });
  }
});
