import assert from 'node:assert/strict';
import type { KubeObject } from '../../../../sandbox/kubernetes/object.ts';
import { builtInTypes } from '../../../../sandbox/kubernetes/types/built-in-types.ts';
import { ServiceAddresses } from '../../../../sandbox/kubernetes/types/rules/service-addresses.ts';
import { addressesOf } from '../../../../sandbox/kubernetes/types/rules/service.ts';
import { TypeRegistry } from '../../../../sandbox/kubernetes/types/type-registry.ts';
import { admit, admitted, refusal } from './admission.ts';

const types = new TypeRegistry();

/** The messages are those of a real API server (1.36). */
const refused: readonly (readonly [title: string, object: KubeObject, messages: readonly string[]])[] = [
  [
    'a ConfigMap without a name',
    object('ConfigMap', {}, { name: '' }),
    ['metadata.name: Required value: name or generateName is required'],
  ],
  [
    'keys that are no file names',
    object('ConfigMap', { data: { 'a/b': 'x', '..': 'y' } }),
    [
      'data[..]: Invalid value: "..": must not be \'..\'',
      'data[a/b]: Invalid value: "a/b": a valid config key must consist',
    ],
  ],
  [
    'a key twice',
    object('ConfigMap', { data: { a: '1' }, binaryData: { a: 'YQ==' } }),
    ['data[a]: Invalid value: "a": duplicate of key present in binaryData'],
  ],
  [
    'a number where text is due',
    object('ConfigMap', { data: { a: 1 } }),
    [
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
    ],
  ],
  [
    'labels, annotations, finalizers and owners in a wrong form',
    object(
      'ConfigMap',
      {},
      {
        labels: { 'a b': 'c d' },
        annotations: { 'x/y/z': '' },
        finalizers: ['foo'],
        ownerReferences: [{ apiVersion: '', kind: '', name: '', uid: '' }],
      },
    ),
    [
      'metadata.labels: Invalid value: "c d": a valid label must be an empty string or consist of',
      'metadata.annotations: Invalid value: "x/y/z": a valid label key must consist of',
      'metadata.finalizers[0]: Invalid value: "foo": name is neither a standard finalizer name nor is it fully qualified',
      'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
    ],
  ],
  ['text that is no base64', object('Secret', { data: { a: '!!' } }), ['illegal base64 data at input byte 0']],
  [
    'a TLS Secret without its keys',
    object('Secret', { type: 'kubernetes.io/tls' }),
    ['data[tls.crt]: Required value, data[tls.key]: Required value'],
  ],
  ['a Service without ports', object('Service', {}), ['spec.ports: Required value']],
  [
    'Service ports that break every rule',
    object('Service', {
      spec: {
        type: 'Foo',
        sessionAffinity: 'x',
        ports: [
          { port: 0, protocol: 'X' },
          { port: 80, targetPort: 'A_' },
          { port: 80, name: 'B_' },
        ],
      },
    }),
    [
      'spec.ports[0].name: Required value',
      'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'spec.ports[0].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
      'spec.ports[1].targetPort: Invalid value: "A_": must contain at least one letter (a-z)',
      'spec.sessionAffinity: Unsupported value: "x": supported values: "ClientIP", "None"',
      'spec.type: Unsupported value: "Foo": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ],
  ],
  [
    'a cluster IP out of range',
    object('Service', { spec: { clusterIP: '1.2.3.4', ports: [{ port: 80 }] } }),
    ['spec.clusterIPs: Invalid value: ["1.2.3.4"]: failed to allocate IP 1.2.3.4'],
  ],
  [
    'a Deployment whose selector does not fit its template',
    workload({ selector: { matchLabels: { a: 'b' } }, replicas: -1 }, { a: 'c' }),
    [
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
      'spec.template.metadata.labels: Invalid value: {"a":"c"}: `selector` does not match template `labels`',
    ],
  ],
  [
    'containers that break every rule',
    object('Pod', {
      spec: {
        containers: [
          { name: 'A_b' },
          { name: 'c', image: 'x', imagePullPolicy: 'Foo', ports: [{ containerPort: 70000 }], env: [{ name: 'a=b' }] },
          { name: 'c', image: 'x' },
        ],
      },
    }),
    [
      'spec.containers[0].name: Invalid value: "A_b": a lowercase RFC 1123 label',
      'spec.containers[0].image: Required value',
      'spec.containers[1].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
      'spec.containers[1].imagePullPolicy: Unsupported value: "Foo": supported values: "Always", "IfNotPresent", "Never"',
      'spec.containers[2].name: Duplicate value: "c"',
    ],
  ],
  [
    'an EndpointSlice with addresses of another kind',
    object('EndpointSlice', { addressType: 'IPv4', endpoints: [{ addresses: ['1.2.3', '127.0.0.1'] }, {}] }),
    [
      'endpoints[0].addresses[0]: Invalid value: "1.2.3": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      'endpoints[0].addresses[1]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
      'endpoints[1].addresses: Required value: must contain at least 1 address',
    ],
  ],
  [
    'a value of the wrong type in a template',
    workload({}, {}, { containers: {} }),
    ['cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container'],
  ],
  ['a namespace with a dot', object('Namespace', {}, { name: 'a.b' }), ['must not contain dots']],
  [
    'an Event of events.k8s.io that says too little',
    { apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name: 'x', namespace: 'default' } },
    ['eventTime: Required value', 'reportingController: Required value', 'action: Required value'],
  ],
  [
    'a Lease that lasts no time',
    object('Lease', { spec: { leaseDurationSeconds: 0 } }),
    ['spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0'],
  ],
  [
    'a Role without verbs',
    object('Role', { rules: [{ apiGroups: [''], resources: ['pods'] }] }),
    ['rules[0].verbs: Required value: verbs must contain at least one value'],
  ],
  [
    'an unknown field',
    object('Service', { spec: { ports: [{ port: 80, prot: 'TCP' }] } }),
    [
      'Service in version "v1" cannot be handled as a Service: strict decoding error: unknown field "spec.ports[0].prot"',
    ],
  ],
];

describe('Built-in types', () => {
  for (const [title, given, messages] of refused) {
    it(`refuse ${title}`, () => {
      const text = refusal(types, given);
      for (const message of messages) assert.ok(text.includes(message), `it must say '${message}': ${text}`);
    });
  }

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

  it('keep selectors, immutable data and the cluster IP of a Service as they were', () => {
    const before = admit(types, workload({ selector: { matchLabels: { a: 'b' } } }, { a: 'b', c: 'd' }));
    const after = workload({ selector: { matchLabels: { c: 'd' } } }, { a: 'b', c: 'd' });
    assert.match(refusal(types, after, { previous: before }), /spec.selector: Invalid value: .*field is immutable/);

    const fixed = admit(types, object('ConfigMap', { immutable: true, data: { a: '1' } }));
    const changed = object('ConfigMap', { immutable: true, data: { a: '2' } });
    const text = 'data: Forbidden: field is immutable when `immutable` is set';
    assert.ok(refusal(types, changed, { previous: fixed }).endsWith(text));

    const service = admit(types, object('Service', { spec: { ports: [{ port: 80 }] } }));
    const updated = admit(types, object('Service', { spec: { ports: [{ port: 81 }] } }), { previous: service });
    assert.equal(
      (updated['spec'] as { clusterIP: string }).clusterIP,
      (service['spec'] as { clusterIP: string }).clusterIP,
    );
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
    const [address] = taken;
    const same = object('Service', { spec: { clusterIP: address, ports: [{ port: 80 }] } });
    assert.match(refusal(registry, same), /provided IP is already allocated/);
    addresses.release([address ?? '']);
    assert.equal(refusal(registry, same), '');
  });

  it('turn the text of a Secret into data', () => {
    const secret = admit(types, object('Secret', { stringData: { a: 'b' }, data: { c: 'ZA==' } }));
    assert.deepEqual(secret, object('Secret', { type: 'Opaque', data: { a: 'Yg==', c: 'ZA==' } }));
  });

  it('mark a namespace with its name', () => {
    const { metadata } = admit(types, object('Namespace', {}, { name: 'shop' }));
    assert.deepEqual(metadata.labels, { 'kubernetes.io/metadata.name': 'shop' });
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

  it('warn of Endpoints, which are deprecated', () => {
    const { warnings } = admitted(types, object('Endpoints', {}));
    assert.deepEqual(warnings, ['v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice']);
  });
});

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
