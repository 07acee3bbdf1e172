/**
 * The same samples that a real API server judges in test/real/crd-validation.test.ts, judged here.
 */
import assert from 'node:assert/strict';
import type { JsonObject } from '../../operator/admission/json.ts';
import type { KindSchema } from '../../operator/admission/kind-schema.ts';
import { loadKinds } from '../../operator/admission/kinds.ts';
import { changed, full, refused } from '../real/crd-samples/by-kind.ts';
import { server } from '../real/crd-samples/nacos-connection.ts';
import { many } from '../real/crd-samples/nacos-service.ts';
import type { Json } from '../real/crd-samples/sample.ts';

describe('Manifests of our kinds', () => {
  let kinds: ReadonlyMap<string, KindSchema>;

  before(async () => {
    kinds = await loadKinds();
  });

  for (const [kind, samples] of Object.entries(refused)) {
    for (const { title, spec, field, message } of samples) {
      it(`are refused: a ${kind} with ${title}, naming ${field}`, () => {
        assertNames(problemsOf(manifest(kind, spec)), field, message);
      });
    }
  }

  for (const [kind, samples] of Object.entries(changed)) {
    for (const { title, before, after, field } of samples) {
      it(`must not change: a ${kind} to ${title}, naming ${field}`, () => {
        const previous = admitted(manifest(kind, before));
        assertNames(problemsOf(manifest(kind, after), previous), field, 'must not change');
      });
    }
  }

  it('must not change the namespaceId of a NacosConnection', () => {
    const previous = admitted(manifest('NacosConnection', { servers: [server] }));
    const next = manifest('NacosConnection', { servers: [server], namespaceId: 'dev' });
    assertNames(problemsOf(next, previous), 'spec.namespaceId', 'must not change');
  });

  for (const [kind, spec] of Object.entries(full)) {
    it(`stay as they were written: a full ${kind}`, () => {
      assert.deepEqual(admitted(manifest(kind, spec))['spec'], spec);
    });
  }

  it('get the defaults', () => {
    assert.deepEqual(admitted(manifest('NacosService', { source: many }))['spec'], {
      source: many,
      group: 'DEFAULT_GROUP',
      serviceName: '{service}',
      readiness: 'Healthy',
      weight: 1,
      podAnnotations: 'Ignore',
      selfRegistered: 'Report',
    });
  });

  it('hold 900 KB of content', () => {
    const content = 'ü\r\n'.repeat(225_000);
    assert.equal((admitted(manifest('NacosConfig', { content }))['spec'] as Json).content, content);
  });

  function judged(object: JsonObject, previous?: JsonObject) {
    const kind = kinds.get(`${String(object['apiVersion'])}/${String(object['kind'])}`);
    assert.ok(kind);
    return kind.admit(object, previous);
  }

  function problemsOf(object: JsonObject, previous?: JsonObject): string[] {
    const { problems, unknownFields } = judged(object, previous);
    const unknown = unknownFields.map((field) => `unknown field "${field}"`);
    return [...unknown, ...problems.map(({ field, message }) => `${field}: ${message}`)];
  }

  function admitted(object: JsonObject): JsonObject {
    assert.deepEqual(problemsOf(object), []);
    return judged(object).object;
  }
});

function manifest(kind: string, spec: Json): JsonObject {
  return { apiVersion: 'bridge.nacos.io/v1alpha1', kind, metadata: { name: 'sample', namespace: 'default' }, spec };
}

/** One problem names the field and says the message. */
function assertNames(problems: readonly string[], field: string, message: string): void {
  const isTold = problems.some((problem) => problem.includes(field) && problem.includes(message));
  assert.ok(isTold, `${field} must be refused with '${message}': ${problems.join('\n')}`);
}
