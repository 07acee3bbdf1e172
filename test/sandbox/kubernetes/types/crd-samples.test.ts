/**
 * The same samples that a real API server judges in test/real/crd-validation.test.ts, judged here.
 */
import assert from 'node:assert/strict';
import type { KubeObject } from '../../../../sandbox/kubernetes/object.ts';
import { changedConfigs, fullConfig, refusedConfigs } from '../../../real/crd-samples/nacos-config.ts';
import { fullConnection, refusedConnections, server } from '../../../real/crd-samples/nacos-connection.ts';
import { changedServices, fullService, many, refusedServices } from '../../../real/crd-samples/nacos-service.ts';
import type { Json, Refused, RefusedChange } from '../../../real/crd-samples/sample.ts';
import { admit, refusal } from './admission.ts';
import { registryWithOurCrds } from './our-crds.ts';

const refused: Readonly<Record<string, readonly Refused[]>> = {
  NacosConfig: refusedConfigs,
  NacosConnection: refusedConnections,
  NacosService: refusedServices,
};
const changed: Readonly<Record<string, readonly RefusedChange[]>> = {
  NacosConfig: changedConfigs,
  NacosService: changedServices,
};
const full = { NacosConfig: fullConfig, NacosConnection: fullConnection, NacosService: fullService };

const types = registryWithOurCrds();

describe('The embedded API server with our CRDs', () => {
  for (const [kind, samples] of Object.entries(refused)) {
    for (const { title, spec, field, message } of samples) {
      it(`refuses a ${kind} with ${title}, naming ${field}`, () => {
        assertRefused(refusal(types, manifest(kind, spec)), field, message);
      });
    }
  }

  for (const [kind, samples] of Object.entries(changed)) {
    for (const { title, before, after, field } of samples) {
      it(`refuses to change a ${kind} to ${title}, naming ${field}`, () => {
        const previous = admit(types, manifest(kind, before));
        assertRefused(refusal(types, manifest(kind, after), { previous }), field, 'must not change');
      });
    }
  }

  it('refuses to change the namespaceId of a NacosConnection', () => {
    const previous = admit(types, manifest('NacosConnection', { servers: [server] }));
    const next = manifest('NacosConnection', { servers: [server], namespaceId: 'dev' });
    assertRefused(refusal(types, next, { previous }), 'spec.namespaceId', 'must not change');
  });

  for (const [kind, spec] of Object.entries(full)) {
    it(`stores a full ${kind} as it was written`, () => {
      assert.deepEqual(admit(types, manifest(kind, spec))['spec'], spec);
    });
  }

  it('fills in the defaults', () => {
    assert.deepEqual(admit(types, manifest('NacosService', { source: many }))['spec'], {
      source: many,
      group: 'DEFAULT_GROUP',
      serviceName: '{service}',
      readiness: 'Healthy',
      weight: 1,
      podAnnotations: 'Ignore',
    });
  });

  it('stores 900 KB of content', () => {
    const content = 'ü\r\n'.repeat(225_000);
    assert.equal((admit(types, manifest('NacosConfig', { content }))['spec'] as Json).content, content);
  });
});

function manifest(kind: string, spec: Json): KubeObject {
  return { apiVersion: 'bridge.nacos.io/v1alpha1', kind, metadata: { name: 'sample', namespace: 'default' }, spec };
}

function assertRefused(text: string, field: string, message: string): void {
  assert.ok(text.includes(field), `the refusal must name ${field}: ${text}`);
  assert.ok(text.includes(message), `the refusal must say '${message}': ${text}`);
}
