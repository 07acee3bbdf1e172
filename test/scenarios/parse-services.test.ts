import assert from 'node:assert/strict';
import { parseStep } from './parse-scenarios.ts';
import { place } from './parse-services.ts';

describe('a step about services', () => {
  it('makes an EndpointSlice of addresses and states', () => {
    const of = ['10.0.0.1', { address: '10.0.0.2', ready: false, terminating: true, zone: 'a', pod: 'p' }];
    const step = parseStep({ endpoints: { service: 'web', slice: 'web-1', ports: { http: 80 }, of } }, '');
    assert.deepEqual(step, {
      do: 'apply',
      objects: [
        {
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          metadata: {
            name: 'web-1',
            labels: { 'kubernetes.io/service-name': 'web', 'endpointslice.kubernetes.io/managed-by': 'scenario' },
          },
          addressType: 'IPv4',
          ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
          endpoints: [
            { addresses: ['10.0.0.1'] },
            {
              addresses: ['10.0.0.2'],
              conditions: { ready: false, terminating: true },
              zone: 'a',
              targetRef: { kind: 'Pod', name: 'p' },
            },
          ],
        },
      ],
    });
  });

  it('names a place in Nacos, in the public namespace unless told', () => {
    assert.deepEqual(parseStep({ register: { service: 'web', group: 'g', at: '10.0.0.1:80' } }, ''), {
      do: 'register',
      target: { serviceName: 'web', group: 'g', namespaceId: '' },
      at: { ip: '10.0.0.1', port: 80 },
    });
  });

  it('expects instances by their place, or more of them', () => {
    const instances = ['[fd00::1]:80', { at: '10.0.0.1:80', like: { weight: 2 } }];
    assert.deepEqual(parseStep({ expect: [{ service: 'web', instances }] }, ''), {
      do: 'expect',
      expectations: [
        {
          on: 'service',
          withinMs: 5000,
          target: { serviceName: 'web', group: 'DEFAULT_GROUP', namespaceId: '' },
          state: {
            instances: [
              { at: { ip: 'fd00::1', port: 80 }, like: {} },
              { at: { ip: '10.0.0.1', port: 80 }, like: { weight: 2 } },
            ],
            disabled: [],
          },
        },
      ],
    });
  });

  for (const wrong of ['10.0.0.1', 'fd00::1:80', 'web:80', '10.0.0.1:http']) {
    it(`refuses the place ${wrong}`, () => {
      assert.throws(() => place(wrong, 'a.yaml:3'), /^Error: a\.yaml:3: .* must be IP:PORT/);
    });
  }

  it('refuses what it does not know', () => {
    const endpoints = { service: 'web', ports: { http: 80 }, of: [{ address: '10.0.0.1', redy: true }] };
    assert.throws(() => parseStep({ endpoints }, ''), /unknown key redy/);
    assert.throws(() => parseStep({ expect: [{ service: 'web', instance: [] }] }, ''), /unknown key instance/);
  });
});
