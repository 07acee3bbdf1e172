import assert from 'node:assert/strict';
import { metadataSchema } from '../../../../operator/admission/metadata.ts';
import type { Schema } from '../../../../operator/admission/schema.ts';
import type { KubeObject } from '../../../../sandbox/kubernetes/object.ts';
import { builtInTypes } from '../../../../sandbox/kubernetes/types/built-in-types.ts';
import { addressesOf, ServiceAddresses } from '../../../../sandbox/kubernetes/types/rules/service-addresses.ts';
import { TypeRegistry } from '../../../../sandbox/kubernetes/types/type-registry.ts';
import { admit, admitted, refusal, refusalOf } from './admission.ts';

const types = new TypeRegistry();

/** With the fields that the refusal must name; ConfigMaps and Secrets: test/admission/data-objects.test.ts. */
const refused: readonly (readonly [title: string, object: KubeObject, named: readonly string[]])[] = [
  ['an object without a name', object('ConfigMap', {}, { name: '' }), ['metadata.name']],
  ['keys that are no file names', object('ConfigMap', { data: { 'a/b': 'x' } }), ['data[a/b]']],
  ['a number where text is due', object('ConfigMap', { data: { a: 1 } }), ['data.a']],
  [
    'metadata in a wrong form',
    object('ConfigMap', {}, { labels: { 'a b': 'c' }, annotations: { 'x/y/z': '' }, finalizers: ['foo'] }),
    ['metadata.labels', 'metadata.annotations', 'metadata.finalizers[0]'],
  ],
  ['text that is no base64', object('Secret', { data: { a: '!!' } }), ['data[a]']],
  ['a Service without ports', object('Service', {}), ['spec.ports']],
  ['a Pod without containers', object('Pod', {}), ['spec.containers']],
  ['a list with nothing in it', object('Pod', { spec: { containers: [null] } }), ['spec.containers[0]']],
  [
    'a Deployment whose selector does not fit its template',
    workload({ selector: { matchLabels: { a: 'b' } } }, { a: 'c' }),
    ['spec.template.metadata.labels'],
  ],
  ['a Deployment that selects everything', workload({ selector: {} }, { a: 'c' }), ['spec.selector']],
  ['a value of the wrong type in a template', workload({}, {}, { containers: {} }), ['spec.template.spec.containers']],
  [
    'an Event of another namespace than its object',
    object('Event', { involvedObject: { namespace: 'other' } }),
    ['involvedObject.namespace'],
  ],
  [
    'an Event of events.k8s.io that says too little',
    {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: 'x', namespace: 'default' },
      eventTime: '2026-01-01T00:00:00.000000Z',
      note: 'x'.repeat(1025),
    },
    ['reportingController', 'reportingInstance', 'action', 'reason', 'message', 'type'],
  ],
  [
    'an Event of events.k8s.io at no time',
    { apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name: 'x', namespace: 'default' } },
    ['eventTime', 'type'],
  ],
  [
    'a Lease that lasts no time, or whose times have no microseconds',
    object('Lease', { spec: { leaseDurationSeconds: 0, leaseTransitions: -1, renewTime: '2026-01-01T00:00:00Z' } }),
    ['spec.leaseDurationSeconds', 'spec.leaseTransitions', 'spec.renewTime'],
  ],
  ['an unknown field', object('Service', { spec: { ports: [{ port: 80, prot: 'TCP' }] } }), ['spec.ports[0].prot']],
];

describe('Built-in types', () => {
  for (const [title, given, named] of refused) {
    it(`refuse ${title}`, () => {
      const text = refusal(types, given);
      for (const field of named) assert.ok(text.includes(field), `it must name '${field}': ${text}`);
    });
  }

  it('tell each refused field as a cause', () => {
    const failure = refusalOf(types, object('ConfigMap', { data: { 'a/b': 'x', '..': 'y' } }));
    assert.equal(failure?.reason, 'Invalid');
    assert.deepEqual(
      failure.details?.causes?.map(({ field, reason }) => `${field} ${reason}`),
      ['data[..] FieldValueInvalid', 'data[a/b] FieldValueInvalid'],
    );
  });

  it('tell what they do not know, and what was there twice, as they are asked to', () => {
    const given = object('ConfigMap', { date: {} });
    const asked = { duplicateFields: ['data.a'] };
    assert.match(
      refusal(types, given, asked),
      /strict decoding error: duplicate field "data.a", unknown field "date"$/,
    );
    const warnings = (fieldValidation: 'Ignore' | 'Warn') =>
      admitted(types, given, { ...asked, fieldValidation }).warnings;
    assert.deepEqual(warnings('Warn'), ['duplicate field "data.a"', 'unknown field "date"']);
    assert.deepEqual(warnings('Ignore'), []);
  });

  it('fill in a Deployment down to its containers', () => {
    const { spec } = admit(types, workload({ selector: { matchLabels: { a: 'b' } } }, { a: 'b' })) as unknown as {
      spec: {
        replicas: number;
        strategy: object;
        template: { spec: { containers: object[]; [field: string]: unknown } };
      };
    };
    assert.equal(spec.replicas, 1);
    assert.deepEqual(spec.strategy, {
      rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' },
      type: 'RollingUpdate',
    });
    const { containers, ...pod } = spec.template.spec;
    assert.deepEqual(pod, {
      dnsPolicy: 'ClusterFirst',
      restartPolicy: 'Always',
      schedulerName: 'default-scheduler',
      securityContext: {},
      terminationGracePeriodSeconds: 30,
    });
    assert.deepEqual(containers, [
      {
        name: 'c',
        image: 'nginx',
        imagePullPolicy: 'Always',
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
      },
    ]);
  });

  it('keep the cluster IP of a Service, and take back node ports that it no longer has', () => {
    const given = object('Service', { spec: { type: 'NodePort', ports: [{ port: 80 }] } });
    const service = admit(types, given) as unknown as { spec: { clusterIP: string; ports: object[] } };
    const next = object('Service', { spec: { ports: [{ port: 80 }] } });
    const updated = admit(types, next, { previous: service as unknown as KubeObject });
    const { clusterIP, ports } = updated['spec'] as { clusterIP: string; ports: object[] };
    assert.equal(clusterIP, service.spec.clusterIP);
    assert.deepEqual(ports, [{ port: 80, protocol: 'TCP', targetPort: 80 }]);
  });

  it('give every Service an address and ports that no other has', () => {
    const addresses = new ServiceAddresses();
    const registry = new TypeRegistry(builtInTypes(addresses));
    const make = () => admit(registry, object('Service', { spec: { type: 'NodePort', ports: [{ port: 80 }] } }));
    const taken = Array.from({ length: 300 }, () => {
      const service = make();
      addresses.use(addressesOf(service));
      return addressesOf(service);
    }).flat();
    assert.equal(new Set(taken).size, 600);
    addresses.release(taken);
    addresses.use(['10.96.0.1']);
    assert.equal(addressesOf(make()).length, 2);
  });

  it('turn the text of a Secret into data', () => {
    const secret = admit(types, object('Secret', { stringData: { a: 'b' }, data: { c: 'ZA==' } }));
    assert.deepEqual(secret, object('Secret', { type: 'Opaque', data: { a: 'Yg==', c: 'ZA==' } }));
  });

  it('take names that need only fit into a path', () => {
    assert.equal(refusal(types, object('ClusterRole', {}, { name: 'system:Node' })), '');
  });

  it('know of metadata what the API server knows', () => {
    const schema = types.find('', 'v1', 'configmaps')?.schema.properties?.['metadata'];
    assert.deepEqual(factsOf(metadataSchema), factsOf(schema));
  });

  it('show one Event in both versions', () => {
    const type = types.find('events.k8s.io', 'v1', 'events');
    const event = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: 'x', namespace: 'default' },
      eventTime: '2026-01-01T00:00:00.000000Z',
      regarding: { kind: 'Pod', name: 'p', namespace: 'default' },
      reportingController: 'example.com/test',
      reportingInstance: 'me',
      reason: 'Tested',
      action: 'Testing',
      type: 'Normal',
      note: 'by hand',
    };
    const stored = type?.storedAs?.toStored(admit(types, event));
    assert.equal(stored?.apiVersion, 'v1');
    assert.deepEqual([stored?.['message'], stored?.['involvedObject']], ['by hand', event.regarding]);
    assert.deepEqual(type?.storedAs?.fromStored(stored), {
      ...event,
      deprecatedSource: {},
      metadata: event.metadata,
    });
  });
});

/** Names and types. */
function factsOf({ type, properties, items, additionalProperties, format }: Schema = {}): object {
  return {
    type,
    properties: Object.fromEntries(Object.entries(properties ?? {}).map(([key, of]) => [key, factsOf(of)])),
    items: items && factsOf(items),
    additionalProperties: typeof additionalProperties === 'object' && factsOf(additionalProperties),
    format,
  };
}

function object(kind: string, fields: object, metadata: object = {}): KubeObject {
  const type = types.list().find((one) => one.kind === kind);
  assert.ok(type);
  const apiVersion = type.group === '' ? type.version : `${type.group}/${type.version}`;
  const scope = type.namespaced ? { namespace: 'default' } : {};
  return { apiVersion, kind, metadata: { name: 'x', ...scope, ...metadata }, ...fields };
}

function workload(spec: object, labels: object, pod: object = {}): KubeObject {
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'nginx' }], ...pod } };
  return object('Deployment', { spec: { ...spec, template } });
}
