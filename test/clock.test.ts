import assert from 'node:assert/strict';
import { systemClock } from '../operator/clock.ts';

describe('the clock of the system', () => {
  it('takes a time that has passed for now, and none that is far off for soon, without a warning of the platform', async () => {
    const warnings: string[] = [];
    const warned = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', warned);
    const far = systemClock.after(2 ** 40, () => assert.fail('in 35 years'));
    await new Promise<void>((resolve) => systemClock.after(-5, resolve));
    // Whatever fires after one millisecond has fired by then, and warnings are told by the next turn.
    await new Promise<void>((resolve) => systemClock.after(20, resolve));
    far.cancel();
    process.off('warning', warned);
    assert.deepEqual(warnings, []);
  });
});
