import assert from 'node:assert/strict';
import { cachesCheck, healthCheck, workersCheck } from '../../operator/runtime/health-check.ts';
import type { Controller } from '../../operator/runtime/controller.ts';

describe('health checks', () => {
  it('fail with what is wrong', () => {
    let problem: string | undefined;
    const check = healthCheck('disk', () => problem);
    check.check();
    problem = 'full';
    assert.throws(() => check.check(), /^Error: full$/);
  });

  it('name the controllers that are stuck', () => {
    const controller = (name: string, isHealthy: boolean) => ({ name, isHealthy: () => isHealthy }) as Controller;
    const check = (...controllers: Controller[]) => workersCheck({ controllers }).check();
    check(controller('a', true));
    assert.throws(() => check(controller('a', false), controller('b', true), controller('c', false)), /stuck: a, c$/);
  });

  it('name the caches that are not synced', () => {
    cachesCheck({ notSynced: [] }).check();
    assert.throws(() => cachesCheck({ notSynced: ['pods', 'services'] }).check(), /not synced: pods, services$/);
  });
});
