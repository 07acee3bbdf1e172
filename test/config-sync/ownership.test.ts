import assert from 'node:assert/strict';
import { ownershipMark } from '../../operator/config-sync/ownership.ts';

describe('the mark of ownership', () => {
  it('differs by cluster, namespace and name', () => {
    const marks = [
      ownershipMark('c', 'n', 'a'),
      ownershipMark('d', 'n', 'a'),
      ownershipMark('c', 'm', 'a'),
      ownershipMark('c', 'n', 'b'),
      ownershipMark('c', 'na', ''),
    ];
    assert.equal(new Set(marks).size, marks.length);
    for (const mark of marks) assert.match(mark, /^nacos-bridge-[0-9a-f]{16}$/);
  });
});
