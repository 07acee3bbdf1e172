/** That the judges of the replicas see what is wrong: an analysis that finds nothing proves nothing by itself. */
import assert from 'node:assert/strict';
import { ghosts, longestMs, removals, twins } from './replicas/sights.ts';
import type { Finding, Sight } from './replicas/sights.ts';

type Row = readonly [atMs: number, hosts: string];
const live = new Map([['s', ['a', 'b']]]);

const cases: readonly { title: string; find: (sights: Sight[]) => Finding[]; rows: readonly Row[]; found: string[] }[] =
  [
    {
      title: 'nothing in equal sights',
      find: (s) => removals(s, live),
      rows: [
        [1, 'a b'],
        [5, 'a b'],
      ],
      found: [],
    },
    {
      title: 'a live host that is missing for a while',
      find: (s) => removals(s, live),
      rows: [
        [1, 'a b'],
        [5, 'a'],
        [9, 'a b'],
      ],
      found: ['b 5 4'],
    },
    {
      title: 'a live host that is missing from the first sight on',
      find: (s) => removals(s, live),
      rows: [
        [1, 'a'],
        [4, 'a b'],
      ],
      found: ['b 1 3'],
    },
    {
      title: 'all of an empty list',
      find: (s) => removals(s, live),
      rows: [
        [1, 'a b'],
        [2, ''],
        [4, 'a b'],
      ],
      found: ['a 2 2', 'b 2 2'],
    },
    {
      title: 'a live host that does not come back',
      find: (s) => removals(s, live),
      rows: [
        [1, 'a b'],
        [2, 'a'],
      ],
      found: ['b 2 Infinity'],
    },
    {
      title: 'no removal of what is not live',
      find: (s) => removals(s, live),
      rows: [
        [1, 'a b c'],
        [2, 'a b'],
      ],
      found: [],
    },
    {
      title: 'a host that is listed twice, once',
      find: twins,
      rows: [
        [1, 'a b'],
        [2, 'a a b'],
        [3, 'a a a b'],
        [6, 'a b'],
      ],
      found: ['a 2 4'],
    },
    {
      title: 'each period of a twin',
      find: twins,
      rows: [
        [1, 'a a'],
        [2, 'a'],
        [3, 'a a'],
        [5, 'a'],
      ],
      found: ['a 1 1', 'a 3 2'],
    },
    {
      title: 'what stays after it is gone',
      find: (s) => ghosts(s, new Map([['s', ['c']]])),
      rows: [
        [1, 'a c'],
        [3, 'a c'],
        [7, 'a'],
      ],
      found: ['c 1 6'],
    },
  ];

describe('The sights of observers', () => {
  for (const { title, find, rows, found } of cases) {
    it(`show ${title}`, () => {
      assert.deepEqual(
        find(rows.map((row) => sightOf(row))).map(({ host, fromMs, forMs }) => `${host} ${fromMs} ${forMs}`),
        found,
      );
    });
  }

  it('are judged apart for each observer', () => {
    const sights = [sightOf([1, 'a b']), sightOf([2, 'a'], 'query'), sightOf([3, 'a b']), sightOf([4, 'a b'], 'query')];
    assert.deepEqual(removals(sights, live), [{ by: 'query', node: 0, service: 's', host: 'b', fromMs: 2, forMs: 2 }]);
  });

  it('are judged in the order of their times', () => {
    const sights = [sightOf([9, 'a b']), sightOf([2, 'a']), sightOf([1, 'a b'])];
    assert.equal(longestMs(removals(sights, live)), 7);
  });
});

function sightOf([atMs, hosts]: Row, by: Sight['by'] = 'push'): Sight {
  return { by, node: 0, service: 's', atMs, hosts: hosts.split(' ').filter((host) => host !== '') };
}
