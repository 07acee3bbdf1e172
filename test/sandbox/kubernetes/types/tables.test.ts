import assert from 'node:assert/strict';
import type { KubeObject } from '../../../../sandbox/kubernetes/object.ts';
import { span } from '../../../../sandbox/kubernetes/types/age.ts';
import { jsonPath } from '../../../../sandbox/kubernetes/types/json-path.ts';
import { TypeRegistry } from '../../../../sandbox/kubernetes/types/type-registry.ts';
import { registryWithOurCrds } from './our-crds.ts';

const nowMs = Date.parse('2026-01-01T00:10:00Z');
const created = '2026-01-01T00:00:00Z';
const containers = [{ name: 'c', image: 'nginx:1' }];

const rows: readonly (readonly [kind: string, fields: object, cells: readonly unknown[]])[] = [
  ['ConfigMap', { data: { a: '' }, binaryData: { b: '' } }, ['x', 2, '10m']],
  ['Secret', { type: 'Opaque', data: { a: '' } }, ['x', 'Opaque', 1, '10m']],
  [
    'Service',
    {
      spec: {
        type: 'NodePort',
        clusterIP: '10.96.0.9',
        ports: [{ port: 80, nodePort: 30000, protocol: 'TCP' }],
        selector: { b: '2', a: '1' },
      },
    },
    ['x', 'NodePort', '10.96.0.9', '<none>', '80:30000/TCP', '10m', 'a=1,b=2'],
  ],
  [
    'Pod',
    {
      spec: { containers, nodeName: 'n' },
      status: {
        phase: 'Running',
        podIP: '10.0.0.1',
        containerStatuses: [
          {
            ready: true,
            restartCount: 2,
            state: { running: {} },
          },
        ],
      },
    },
    ['x', '1/1', 'Running', '2', '10m', '10.0.0.1', 'n', '<none>', '<none>'],
  ],
  [
    'Pod',
    {
      spec: { containers },
      status: { phase: 'Pending', containerStatuses: [{ state: { waiting: { reason: 'ErrImagePull' } } }] },
    },
    ['x', '0/1', 'ErrImagePull', '0', '10m', '<none>', '<none>', '<none>', '<none>'],
  ],
  [
    'Deployment',
    {
      spec: { replicas: 3, selector: { matchLabels: { a: 'b' } }, template: { spec: { containers } } },
      status: { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 2 },
    },
    ['x', '2/3', 3, 2, '10m', 'c', 'nginx:1', 'a=b'],
  ],
  [
    'EndpointSlice',
    {
      addressType: 'IPv4',
      ports: [{ port: 80 }],
      endpoints: ['1', '2', '3', '4'].map((last) => ({ addresses: [`10.0.0.${last}`] })),
    },
    ['x', 'IPv4', '80', '10.0.0.1,10.0.0.2,10.0.0.3 + 1 more...', '10m'],
  ],
  ['Lease', { spec: { holderIdentity: 'me' } }, ['x', 'me', '10m']],
  ['Namespace', { status: { phase: 'Active' } }, ['x', 'Active', '10m']],
  ['CustomResourceDefinition', {}, ['x', created]],
  ['NetworkPolicy', {}, ['x', '10m']],
  [
    'Event',
    {
      type: 'Normal',
      reason: 'Created',
      message: 'hello\n',
      count: 3,
      source: { component: 'test' },
      involvedObject: { kind: 'Pod', name: 'p' },
      firstTimestamp: created,
      lastTimestamp: '2026-01-01T00:09:00Z',
    },
    ['60s', 'Normal', 'Created', 'pod/p', '', 'test', 'hello', '10m', 3, 'x'],
  ],
];

describe('Rows of', () => {
  const types = new TypeRegistry();
  for (const [kind, fields, cells] of rows) {
    it(`a ${kind} are as kubectl users know them: ${JSON.stringify(cells)}`, () => {
      const type = types.list().find((one) => one.kind === kind);
      assert.deepEqual(type?.cells(object(kind, fields), nowMs), cells);
      assert.equal(type?.columns.length, cells.length);
    });
  }

  it('a custom resource have the columns that its CRD asks for', () => {
    const type = registryWithOurCrds().findKind('bridge.nacos.io/v1alpha1', 'NacosService');
    const names = type?.columns.map(({ name, priority }) => (priority > 0 ? `(${name})` : name));
    assert.deepEqual(names, [
      'Name',
      'Ready',
      'Reason',
      'Group',
      'Services',
      'Instances',
      'Ready Instances',
      'Published',
      '(Message)',
      'Age',
    ]);
    const status = { conditions: [{ type: 'Ready', status: 'True', reason: 'Published' }], services: 2 };
    const cells = type?.cells(object('NacosService', { spec: { group: 'shop' }, status }), nowMs);
    assert.deepEqual(cells, ['x', 'True', 'Published', 'shop', 2, null, null, null, null, '10m']);
  });
});

describe('A path of a column', () => {
  const root = { a: { 'b.c/d': 1, list: [{ type: 'x', on: true }, { type: 'y' }] } };
  const paths: readonly (readonly [path: string, values: readonly unknown[]])[] = [
    ['.a.list[1].type', ['y']],
    ['.a.list[*].type', ['x', 'y']],
    [`.a['b.c/d']`, [1]],
    [String.raw`.a.b\.c/d`, [1]],
    ['.a.list[?(@.type=="y")].type', ['y']],
    [`.a.list[?(@.type == 'x')].on`, [true]],
    ['.a.none.at.all', []],
  ];
  for (const [path, values] of paths) {
    it(`finds what it leads to: ${path}`, () => assert.deepEqual(jsonPath(path)(root), values));
  }

  it('is refused when it cannot be read', () => {
    assert.throws(() => jsonPath('.a.list[-1:]'), /cannot read the path/);
  });
});

describe('A time span', () => {
  const spans: readonly (readonly [seconds: number, text: string])[] = [
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [605, '10m'],
    [185, '3m5s'],
    [3 * 3600 + 60, '3h1m'],
    [9 * 3600, '9h'],
    [50 * 3600, '2d2h'],
    [30 * 86_400, '30d'],
    [3 * 365 * 86_400, '3y'],
    [-5, '<invalid>'],
  ];
  for (const [seconds, text] of spans) it(`of ${seconds} s is ${text}`, () => assert.equal(span(seconds), text));
});

function object(kind: string, fields: object): KubeObject {
  return { apiVersion: 'v1', kind, metadata: { name: 'x', creationTimestamp: created }, ...fields };
}
