import assert from 'node:assert/strict';
import { placeService } from '../../../operator/nacos/naming/naming-placement.ts';

describe('the place of a service among shards', () => {
  /** Loads beside the service; `home` marks the one that it is on; the limit is 10. */
  for (const [what, instances, others, home, expected] of [
    ['opens the first', 3, [], undefined, 'new'],
    ['goes where there is room', 3, [7], undefined, 0],
    ['opens another when there is no room', 4, [7], undefined, 'new'],
    ['goes to the fullest that has room', 3, [1, 7, 8, 6], undefined, 1],
    ['goes to the first of equals', 3, [5, 5], undefined, 0],
    ['stays while it fits', 3, [7, 7], 1, 1],
    ['stays although another is fuller', 2, [8, 3], 1, 1],
    ['moves when it has outgrown its shard', 5, [4, 6], 1, 0],
    ['moves to a new one when no other has room', 5, [7, 8], 0, 'new'],
    ['opens its own when it is over the limit', 25, [1, 2], undefined, 'new'],
    ['takes an empty one when it is over the limit', 25, [1, 0], undefined, 1],
    ['stays alone however large it is', 25, [0], 0, 0],
    ['leaves a shared one when it grows over the limit', 25, [1], 0, 'new'],
    ['does not join one that is over the limit', 1, [25], undefined, 'new'],
    ['leaves one that is over the limit', 2, [9, 1], 0, 1],
    ['fits to the last instance', 1, [9], undefined, 0],
  ] as const) {
    it(what, () => {
      const shards = others.map((otherInstances, index) => ({ otherInstances, isHome: index === home }));
      assert.equal(placeService(instances, shards, 10), expected);
    });
  }
});
