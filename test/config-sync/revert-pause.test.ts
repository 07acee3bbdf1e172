import assert from 'node:assert/strict';
import { RevertPause } from '../../operator/config-sync/revert-pause.ts';

describe('the pause before drift is put back', () => {
  it('is none at first, and doubles up to five minutes while another program writes on', () => {
    const pause = new RevertPause();
    const waits: number[] = [];
    let nowMs = 0;
    for (let round = 0; round < 13; round += 1) {
      const waitMs = pause.waitMs(nowMs);
      waits.push(waitMs / 1000);
      nowMs += waitMs;
      pause.reverted(nowMs);
    }
    assert.deepEqual(waits, [0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  });

  it('is forgotten after a quiet time', () => {
    const pause = new RevertPause();
    for (let round = 0; round < 6; round += 1) pause.reverted(0);
    assert.ok(pause.waitMs(0) > 0);
    pause.reverted(1_000_000);
    assert.equal(pause.waitMs(1_000_000), 0);
  });
});
