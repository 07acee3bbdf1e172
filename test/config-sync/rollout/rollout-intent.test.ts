import assert from 'node:assert/strict';
import type { NacosConfig } from '../../../operator/api/resources.ts';
import { compileIntent } from '../../../operator/config-sync/intent.ts';

function rolloutOf(rollout: object, mirror: object = {}): unknown {
  const spec = { mirror: { configMap: { name: 'm' }, ...mirror }, rollout };
  return compileIntent({ metadata: { name: 'app' }, spec } as unknown as NacosConfig, '').rollout;
}

describe('what a NacosConfig asks of rollouts', () => {
  const workloads = [{ kind: 'Deployment', name: 'app' }];

  it('is those that use the mirror, five seconds after the last change', () => {
    assert.deepEqual(rolloutOf({ auto: true }), { workloads: 'auto', debounceSeconds: 5 });
  });

  it('is those that are named', () => {
    assert.deepEqual(rolloutOf({ workloads, debounceSeconds: 0 }, { immutable: true }), {
      workloads,
      debounceSeconds: 0,
    });
  });

  it('is refused for those that use a mirror whose name changes with its content', () => {
    assert.throws(() => rolloutOf({ auto: true }, { immutable: true }), {
      code: 'INVALID_SPEC',
      message: /`spec.rollout.auto` must not be true when `spec.mirror.immutable` is/,
    });
  });
});
