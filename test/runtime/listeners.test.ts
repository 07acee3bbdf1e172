import assert from 'node:assert/strict';
import { Listeners } from '../../operator/runtime/listeners.ts';

describe('listeners', () => {
  it('are called in their order, until they leave', () => {
    const listeners = new Listeners<[number]>();
    const heard: string[] = [];
    const leave = listeners.add((value) => heard.push(`a${value}`));
    listeners.add((value) => heard.push(`b${value}`));
    listeners.call(1);
    leave();
    listeners.call(2);
    assert.deepEqual(heard, ['a1', 'b1', 'b2']);
  });

  it('may come and go while they are called', () => {
    const listeners = new Listeners();
    const heard: string[] = [];
    const leave = listeners.add(() => {
      heard.push('first');
      leave();
      listeners.add(() => heard.push('late'));
    });
    listeners.add(() => heard.push('second'));
    listeners.call();
    assert.deepEqual(heard, ['first', 'second']);
    listeners.call();
    assert.deepEqual(heard, ['first', 'second', 'second', 'late']);
  });
});
