import assert from 'node:assert/strict';
import { WaitingKeys } from '../../operator/runtime/waiting-keys.ts';

/** `a1` is in lane `a`. */
const of = (key: string) => key.slice(0, 1);

describe('keys that wait in lanes', () => {
  const add = (keys: WaitingKeys, ...names: string[]) => names.forEach((name) => keys.add(name, 'high', 0));

  it('are taken lane by lane, and not beyond the limit of a lane', () => {
    const keys = new WaitingKeys({ of, limit: 2 });
    add(keys, 'a1', 'a2', 'a3', 'b1', 'b2');
    const taken = Array.from({ length: 5 }, () => keys.take());
    assert.deepEqual(
      taken.map((one) => one?.key),
      ['a1', 'b1', 'a2', 'b2', undefined],
    );
    assert.equal(keys.size, 1);
    taken[0]?.leave();
    assert.equal(keys.take()?.key, 'a3');
  });

  it('do not wait behind a lane that is full, however many wait there', () => {
    const keys = new WaitingKeys({ of, limit: 1 });
    add(keys, ...Array.from({ length: 1000 }, (_, index) => `a${index}`));
    keys.take();
    add(keys, 'b1');
    assert.equal(keys.take()?.key, 'b1');
    assert.equal(keys.take(), undefined);
  });

  it('stay where they are when their lane is another one by now', () => {
    let lane = 'x';
    const keys = new WaitingKeys({ of: () => lane, limit: 1 });
    add(keys, 'one');
    lane = 'y';
    add(keys, 'one');
    assert.equal(keys.size, 1);
    assert.equal(keys.take()?.key, 'one');
    assert.equal(keys.take(), undefined);
  });
});
