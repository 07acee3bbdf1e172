import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { KubeObject } from '../../operator/kube/resource.ts';
import type { Instance } from '../../operator/nacos/naming/naming-types.ts';
import { instanceList } from '../../operator/nacos/naming/naming-instance-list.ts';
import { desiredService } from '../../operator/service-sync/desired.ts';
import type { Endpoint, EndpointSlice } from '../../operator/service-sync/endpoint-slices.ts';
import { exportOfResource } from '../../operator/service-sync/service-export.ts';
import { endpoint, nacosService, service, slice } from './objects.ts';

type Spec = Parameters<typeof nacosService>[0];

type Desired = ReturnType<typeof desiredService>;

interface World {
  spec?: Spec;
  slices: EndpointSlice[];
  target?: ReturnType<typeof service>;
  pods?: Record<string, Partial<KubeObject['metadata']>>;
  /** Addresses that applications have registered, where these are left to them. */
  taken?: string[];
}

function desired({ spec, slices, target = service(), pods = {}, taken = [] }: World): Desired {
  const pod = (name: string) => (pods[name] ? { metadata: { name, ...pods[name] } } : undefined);
  return desiredService(slices, {
    clusterId: 'c1',
    export: exportOfResource(nacosService(spec)),
    service: target,
    pod,
    isSelfRegistered: (_, { ip }) => taken.includes(ip),
  });
}

/** `ip:port` with what is not as a healthy one of weight 1 in DEFAULT. */
function shown(world: World): string[] {
  return desired(world).records.flatMap(({ instances }) =>
    instances.map(({ ip, port, healthy, enabled, weight, clusterName }) => {
      const marks = [!healthy && 'unhealthy', !enabled && 'disabled', weight !== 1 && `w${weight}`];
      return [`${ip}:${port}`, ...marks, clusterName !== 'DEFAULT' && clusterName].filter(Boolean).join(' ');
    }),
  );
}

const address = { namespaceId: '', group: 'DEFAULT_GROUP' };
const unready: Endpoint['conditions'] = { ready: false, serving: false, terminating: false };
const draining: Endpoint['conditions'] = { ready: false, serving: true, terminating: true };
const states = [
  slice([
    endpoint('10.0.0.1'),
    endpoint('10.0.0.2', { conditions: unready }),
    endpoint('10.0.0.3', { conditions: draining }),
  ]),
];

const cases: { title: string; world: World; expected: string[] }[] = [
  {
    title: 'keeps what is not ready listed, as unhealthy',
    world: { slices: states },
    expected: ['10.0.0.1:8080', '10.0.0.2:8080 unhealthy', '10.0.0.3:8080 unhealthy disabled'],
  },
  {
    title: 'disables what is not ready',
    world: { slices: states, spec: { readiness: 'Enabled' } },
    expected: ['10.0.0.1:8080', '10.0.0.2:8080 unhealthy disabled', '10.0.0.3:8080 unhealthy disabled'],
  },
  {
    title: 'leaves out what is not ready',
    world: { slices: states, spec: { readiness: 'Remove' } },
    expected: ['10.0.0.1:8080', '10.0.0.3:8080 unhealthy disabled'],
  },
  {
    title: 'takes missing conditions for ready',
    world: { slices: [slice([{ addresses: ['10.0.0.1'] }])] },
    expected: ['10.0.0.1:8080'],
  },
  {
    title: 'gathers several slices, of both families, in the order of addresses',
    world: {
      slices: [
        slice([endpoint('fd00::1')], { addressType: 'IPv6' }, 'orders-6'),
        slice([endpoint('10.0.0.2')], {}, 'orders-b'),
        slice([endpoint('10.0.0.1')], { ports: [{ name: 'http', port: 9090 }] }, 'orders-a'),
      ],
    },
    expected: ['10.0.0.1:9090', '10.0.0.2:8080', 'fd00::1:8080'],
  },
  {
    title: 'takes the more useful state of an address that stands in two slices',
    world: {
      slices: [
        slice([endpoint('10.0.0.1', { conditions: draining })], {}, 'a'),
        slice([endpoint('10.0.0.1')], {}, 'b'),
      ],
    },
    expected: ['10.0.0.1:8080'],
  },
  {
    title: 'takes the first family of a dual-stack Service, where it has two addresses for a pod',
    world: {
      target: service({}, { ipFamilies: ['IPv6', 'IPv4'], selector: { app: 'x' } }),
      slices: [slice([endpoint('10.0.0.1')]), slice([endpoint('fd00::1')], { addressType: 'IPv6' }, 'orders-6')],
    },
    expected: ['fd00::1:8080'],
  },
  {
    title: 'takes what there is where slices are written by hand',
    world: {
      target: service({}, { ipFamilies: ['IPv4'] }),
      slices: [slice([endpoint('fd00::1')], { addressType: 'IPv6' })],
    },
    expected: ['fd00::1:8080'],
  },
  {
    title: 'takes the families that are named',
    world: {
      target: service({}, { ipFamilies: ['IPv6', 'IPv4'] }),
      spec: { ipFamilies: ['IPv4', 'IPv6'] },
      slices: [slice([endpoint('10.0.0.1')]), slice([endpoint('fd00::1')], { addressType: 'IPv6' }, 'orders-6')],
    },
    expected: ['10.0.0.1:8080', 'fd00::1:8080'],
  },
  {
    title: 'leaves out a pod that says so, where annotations count',
    world: {
      slices: [slice([endpoint('10.0.0.1', { targetRef: { kind: 'Pod', name: 'p' } }), endpoint('10.0.0.2')])],
      spec: { podAnnotations: 'Use' },
      pods: { p: { annotations: { 'bridge.nacos.io/export': 'false' } } },
    },
    expected: ['10.0.0.2:8080'],
  },
  {
    title: 'leaves an address to the application that has registered it',
    world: { slices: [slice([endpoint('10.0.0.1'), endpoint('10.0.0.2')])], taken: ['10.0.0.1'] },
    expected: ['10.0.0.2:8080'],
  },
  {
    title: 'passes over host names, ports of others, and slices without ports or endpoints',
    world: {
      slices: [
        slice([endpoint('example.org')], { addressType: 'FQDN' }, 'a'),
        slice([endpoint('10.0.0.1')], { ports: [{ name: 'other', port: 1 }] }, 'b'),
        slice([endpoint('10.0.0.2')], { ports: null }, 'c'),
        slice([], { endpoints: null }, 'd'),
      ],
    },
    expected: [],
  },
  {
    title: 'names the cluster by the zone, where there is one',
    world: {
      slices: [slice([endpoint('10.0.0.1', { zone: 'eu-1a' }), endpoint('10.0.0.2')])],
      spec: { clusterNameFrom: 'Zone' },
    },
    expected: ['10.0.0.1:8080 eu-1a', '10.0.0.2:8080'],
  },
  {
    title: 'takes the weight of a pod from its annotation',
    world: {
      slices: [slice([endpoint('10.0.0.1', { targetRef: { kind: 'Pod', name: 'p' } }), endpoint('10.0.0.2')])],
      spec: { weight: 5, podAnnotations: 'Use' },
      pods: { p: { annotations: { 'bridge.nacos.io/weight': '0.5' } } },
    },
    expected: ['10.0.0.1:8080 w0.5', '10.0.0.2:8080 w5'],
  },
  {
    title: 'ignores annotations unless they count',
    world: {
      slices: [slice([endpoint('10.0.0.1', { targetRef: { kind: 'Pod', name: 'p' } })])],
      pods: { p: { annotations: { 'bridge.nacos.io/weight': '7' } } },
    },
    expected: ['10.0.0.1:8080'],
  },
  {
    title: 'waits for a pod whose labels count and which is not known yet',
    world: {
      slices: [slice([endpoint('10.0.0.1', { targetRef: { kind: 'Pod', name: 'late' } }), endpoint('10.0.0.2')])],
      spec: { metadataFrom: { labels: ['app'] } },
    },
    expected: ['10.0.0.2:8080'],
  },
];

describe('desired instances', () => {
  for (const { title, world, expected } of cases) {
    it(title, () => assert.deepEqual(shown(world), expected));
  }

  it('carry where they come from, then what is declared, then labels that are allowed', () => {
    const world: World = {
      slices: [slice([endpoint('10.0.0.1', { zone: 'eu-1a', targetRef: { kind: 'Pod', name: 'p' } })])],
      spec: { metadata: { version: '2', team: 'blue' }, metadataFrom: { labels: ['version', 'app', 'constructor'] } },
      pods: { p: { labels: { app: 'orders', version: '1', secret: 'x' } } },
    };
    const [instance] = desired(world).records[0]?.instances ?? [];
    assert.deepEqual(Object.entries(instance?.metadata ?? {}), [
      ['app', 'orders'],
      ['k8s.cluster', 'c1'],
      ['k8s.namespace', 'shop'],
      ['k8s.service', 'orders'],
      ['k8s.zone', 'eu-1a'],
      ['team', 'blue'],
      ['version', '2'],
    ]);
  });

  const pod = (metadata: Partial<KubeObject['metadata']>): World => ({
    slices: [slice([endpoint('10.0.0.1', { targetRef: { kind: 'Pod', name: 'p' } })])],
    spec: { weight: 5, podAnnotations: 'Use' },
    pods: { p: metadata },
  });
  const weighing = (weight: string) => pod({ annotations: { 'bridge.nacos.io/weight': weight } });
  for (const [text, value] of [
    ['0', 0],
    ['0.5', 0.5],
    ['.5', 0.5],
    [' 10 ', 10],
    ['1e2', 100],
    ['+3', 3],
    ['10000.0', 10_000],
  ] as const) {
    it(`have the weight ${value} where a pod says '${text}'`, () => {
      const { problems, records } = desired(weighing(text));
      assert.deepEqual([records[0]?.instances[0]?.weight, problems], [value, []]);
    });
  }

  const keys = ({ metadata }: Instance) => Object.keys(metadata).join();
  const bad: [string, World, RegExp, RegExp, (instance: Instance) => unknown, unknown][] = [
    [
      'labels over the budget of metadata',
      {
        slices: [slice([endpoint('10.0.0.1', { targetRef: { kind: 'Pod', name: 'p' } })])],
        spec: { metadata: { long: 'x'.repeat(940) }, metadataFrom: { labels: ['app'] } },
        pods: { p: { labels: { app: 'x'.repeat(63) } } },
      },
      /^metadata$/,
      /has 10\d\d characters and must have at most 1024 .* what does not fit is left out/,
      keys,
      'k8s.cluster,k8s.namespace,k8s.service,long',
    ],
    [
      'metadata over the budget',
      { slices: [slice([endpoint('10.0.0.1')])], spec: { metadata: { long: 'x'.repeat(1000) } } },
      /^metadata$/,
      /has 10\d\d characters and must have at most 1024/,
      keys,
      'k8s.cluster,k8s.namespace,k8s.service',
    ],
    [
      'a zone that is no name of a cluster',
      { slices: [slice([endpoint('10.0.0.1', { zone: 'eu.1b' })])], spec: { clusterNameFrom: 'Zone' } },
      /^clusterName$/,
      /'eu\.1b' must be .* 'DEFAULT' takes its place/,
      ({ clusterName }) => clusterName,
      'DEFAULT',
    ],
    [
      'an annotation that is neither true nor false',
      pod({ annotations: { 'bridge.nacos.io/export': 'no' } }),
      /^annotation bridge\.nacos\.io\/export$/,
      /'no' must be "true" or "false"; the pod is registered/,
      ({ ip }) => ip,
      '10.0.0.1',
    ],
    ...['abc', '5%', '-1', '10001', '', '0x10', 'Infinity'].map(
      (text): [string, World, RegExp, RegExp, (instance: Instance) => unknown, unknown] => [
        `the weight '${text}'`,
        weighing(text),
        /^annotation bridge\.nacos\.io\/weight$/,
        /must be a number from 0 to 10000, as 0\.5 or 10; 5 takes its place/,
        ({ weight }) => weight,
        5,
      ],
    ),
  ];
  for (const [title, world, field, message, part, value] of bad) {
    it(`keep a member with ${title}, with a default, and name it`, () => {
      const { problems, records } = desired(world);
      assert.deepEqual(records[0]?.instances.map(part), [value]);
      assert.equal(problems.length, 1);
      assert.equal(problems[0]?.member, '10.0.0.1:8080');
      assert.match(problems[0].field, field);
      assert.match(problems[0].message, message);
    });
  }

  const told: [string, World, RegExp, RegExp][] = [
    [
      'an endpoint whose pod is not known',
      {
        slices: [slice([endpoint('10.0.0.1', { targetRef: { kind: 'Pod', name: 'late' } })])],
        spec: { podAnnotations: 'Use' },
      },
      /^targetRef$/,
      /pod 'late' is not known/,
    ],
    [
      'EndpointSlices with host names',
      { slices: [slice([endpoint('example.org')], { addressType: 'FQDN' }, 'names'), slice([endpoint('10.0.0.1')])] },
      /^addressType$/,
      /'names' has host names/,
    ],
    [
      'a port that no EndpointSlice has',
      { slices: [slice([endpoint('10.0.0.1')], { ports: [{ name: 'other', port: 1 }] })] },
      /^ports$/,
      /no EndpointSlice has a port 'http'; they have 'other'/,
    ],
    [
      'a port without a number',
      { slices: [slice([endpoint('10.0.0.1')], { ports: [{ name: 'http' }] })] },
      /^ports$/,
      /a port 'http' that has no number/,
    ],
    [
      'endpoints of another family only',
      {
        slices: [slice([endpoint('fd00::1')], { addressType: 'IPv6' })],
        target: service({}, { ipFamilies: ['IPv4'], selector: { app: 'x' } }),
      },
      /^ipFamilies$/,
      /its endpoints are IPv6 only, and IPv4 is published/,
    ],
    ['a group that Nacos refuses', { slices: [], spec: { group: 'my group' } }, /^group$/, /'my group' must be/],
  ];
  for (const [title, world, field, message] of told) {
    it(`come with a word on ${title}`, () => {
      const [problem] = desired(world).problems;
      assert.match(problem?.field ?? '', field);
      assert.match(problem?.message ?? '', message);
    });
  }

  it('come without a word on slices that lack a port while others have it', () => {
    const without = slice([endpoint('10.0.0.2')], { ports: [{ name: 'other', port: 1 }] }, 'other');
    assert.deepEqual(desired({ slices: [slice([endpoint('10.0.0.1')]), without] }).problems, []);
  });

  it('are none, and no failure, for a headless Service without ports', () => {
    const { problems, records } = desired({ slices: [], target: service({ ports: [] }) });
    assert.deepEqual(records, []);
    assert.match(problems[0]?.message ?? '', /it has no ports/);
  });

  it('name a service whose name Nacos refuses', () => {
    const { problems, records } = desired({ slices: [], spec: { serviceName: 'a@@{service}' } });
    assert.deepEqual(records, []);
    assert.equal(problems[0]?.field, 'serviceName');
  });

  it('count members by state', () => {
    assert.deepEqual(desired({ slices: states }).records[0]?.counts, { total: 3, ready: 1, draining: 1, published: 3 });
  });

  it('are the same bytes whatever the order of slices, endpoints, ports and labels', () => {
    fc.assert(
      fc.property(anySlices, fc.integer(), (slices, seed) => {
        const shuffled = shuffle(slices, seed).map((one) => ({
          ...one,
          ports: shuffle(one.ports ?? [], seed),
          endpoints: shuffle(one.endpoints ?? [], seed),
        }));
        const spec: Spec = { metadata: { b: '1', a: '2' }, clusterNameFrom: 'Zone' };
        const turned: Spec = { clusterNameFrom: 'Zone', metadata: { a: '2', b: '1' } };
        const bytes = (world: World) =>
          desired(world).records.map(
            ({ serviceName, instances }) => instanceList({ ...address, serviceName }, instances).text,
          );
        assert.deepEqual(bytes({ slices: shuffled, spec: turned }), bytes({ slices, spec }));
      }),
    );
  });
});

const anyEndpoint: fc.Arbitrary<Endpoint> = fc.record({
  addresses: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4').map((ip) => [ip]),
  conditions: fc.record({ ready: fc.boolean(), serving: fc.boolean(), terminating: fc.boolean() }),
  zone: fc.constantFrom('a', 'b', undefined),
});
const anySlices: fc.Arbitrary<EndpointSlice[]> = fc
  .array(fc.record({ endpoints: fc.array(anyEndpoint, { maxLength: 6 }), port: fc.constantFrom(8080, 9090) }), {
    maxLength: 4,
  })
  .map((all) =>
    all.map(({ endpoints, port }, index) =>
      slice(
        endpoints,
        {
          ports: [
            { name: 'http', port },
            { name: 'other', port: 1 },
          ],
        },
        `slice-${index}`,
      ),
    ),
  );

function shuffle<T>(items: readonly T[], seed: number): T[] {
  const rank = (index: number) => Math.sin(seed + index * 7.13);
  return items
    .map((item, index) => ({ item, by: rank(index) }))
    .toSorted((a, b) => a.by - b.by)
    .map(({ item }) => item);
}
