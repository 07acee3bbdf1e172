import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DiscoveredConfigs } from '../../../operator/nacos/config/discovered-configs.ts';

/** `list a b`: a complete listing that shows those; `lost`: one that was given up; `notice a`: a is said to be gone. */
type Step = readonly [
  what: 'list' | 'watch' | 'lost' | 'notice' | 'exist' | 'notice during',
  names: string,
  gone?: string,
];

const named = (text: string) => text.split(' ').filter((name) => name !== '');
const name = (dataId: string) => ({ group: 'g', dataId });
const dataIds = (names: Iterable<{ dataId: string }>) => Array.from(names, ({ dataId }) => dataId).sort();

function round(
  found: DiscoveredConfigs,
  source: string,
  shown: readonly string[],
  during: () => void = () => {},
): string[] {
  found.beginRound(source);
  during();
  found.exist(shown.map(name));
  const texts = new Set(shown.map((dataId) => `g ${dataId}`));
  return dataIds(found.endRound((text) => !texts.has(text)));
}

function take(found: DiscoveredConfigs, [what, names]: Step): string[] {
  switch (what) {
    case 'list':
    case 'watch':
      return round(found, what, named(names));
    case 'notice during':
      return round(found, 'watch', ['a', 'b'], () => void named(names).map((dataId) => found.doubt(name(dataId))));
    case 'lost':
      found.beginRound('list');
      found.exist(named(names).map(name));
      return [];
    case 'exist':
      found.exist(named(names).map(name));
      return [];
    case 'notice':
      for (const dataId of named(names)) found.doubt(name(dataId));
      return [];
  }
}

describe('What is discovered', () => {
  const cases: readonly { what: string; steps: readonly Step[]; left: string }[] = [
    {
      what: 'is kept when one listing misses it',
      steps: [
        ['list', 'a b'],
        ['list', 'a'],
      ],
      left: 'a b',
    },
    {
      what: 'is gone when two listings in a row miss it',
      steps: [
        ['list', 'a b'],
        ['list', 'a'],
        ['list', 'a', 'b'],
      ],
      left: 'a',
    },
    {
      what: 'is kept when it is missed every other time',
      steps: [
        ['list', 'a'],
        ['list', ''],
        ['list', 'a'],
        ['list', ''],
      ],
      left: 'a',
    },
    {
      what: 'is kept when a listing is given up',
      steps: [
        ['list', 'a'],
        ['lost', ''],
        ['lost', ''],
        ['lost', ''],
      ],
      left: 'a',
    },
    {
      what: 'is gone when listings that are given up lie between',
      steps: [
        ['list', 'a'],
        ['list', ''],
        ['lost', ''],
        ['list', '', 'a'],
      ],
      left: '',
    },
    {
      what: 'is kept when a listing and a watch miss it',
      steps: [
        ['list', 'a'],
        ['list', ''],
        ['watch', ''],
        ['list', ''],
      ],
      left: 'a',
    },
    {
      what: 'is kept after a notice alone, also if it is repeated',
      steps: [
        ['watch', 'a'],
        ['notice', 'a'],
        ['notice', 'a'],
      ],
      left: 'a',
    },
    {
      what: 'is gone when a watch confirms a notice',
      steps: [
        ['watch', 'a b'],
        ['notice', 'b'],
        ['watch', 'a', 'b'],
      ],
      left: 'a',
    },
    {
      what: 'is kept when a watch refutes a notice',
      steps: [
        ['watch', 'a'],
        ['notice', 'a'],
        ['watch', 'a'],
        ['watch', ''],
      ],
      left: 'a',
    },
    {
      what: 'is gone when a watch confirms a notice that came during the one before',
      steps: [
        ['watch', 'a b'],
        ['notice during', 'b'],
        ['watch', 'a', 'b'],
      ],
      left: 'a',
    },
    {
      what: 'is in doubt until a round ends it, whatever a notice says',
      steps: [
        ['watch', 'a'],
        ['notice', 'a'],
        ['exist', 'a'],
        ['watch', '', 'a'],
      ],
      left: '',
    },
    {
      what: 'grows by what rounds that are given up have shown',
      steps: [
        ['list', 'a'],
        ['lost', 'b'],
      ],
      left: 'a b',
    },
    {
      what: 'ignores notices of what it does not know',
      steps: [
        ['watch', 'a'],
        ['notice', 'x'],
        ['watch', 'a'],
      ],
      left: 'a',
    },
  ];
  for (const { what, steps, left } of cases) {
    it(what, () => {
      const found = new DiscoveredConfigs();
      for (const step of steps) assert.deepEqual(take(found, step), named(step[2] ?? ''), step.join(' '));
      assert.deepEqual(dataIds(found.names()), named(left));
    });
  }

  it('loses nothing that every complete round shows, whatever else happens', () => {
    const others = fc.uniqueArray(fc.constantFrom('b', 'c', 'd'));
    const step: fc.Arbitrary<Step> = fc.oneof(
      others.map((names) => ['list', ['a', ...names].join(' ')] as const),
      others.map((names) => ['watch', ['a', ...names].join(' ')] as const),
      fc.constantFrom<Step>(['lost', ''], ['notice', 'a b'], ['notice during', 'a c'], ['exist', 'd']),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const found = new DiscoveredConfigs();
        found.exist([name('a')]);
        for (const one of steps) assert.ok(!take(found, one).includes('a'));
        assert.ok(dataIds(found.names()).includes('a'));
      }),
    );
  });

  it('tells of each appearance and each end once', () => {
    const found = new DiscoveredConfigs();
    assert.deepEqual(dataIds(found.exist([name('a'), name('b'), name('a')])), ['a', 'b']);
    assert.deepEqual(found.exist([name('a')]), []);
    assert.deepEqual(round(found, 'list', []), []);
    assert.equal(found.hasDoubts, true);
    assert.deepEqual(round(found, 'list', []), ['a', 'b']);
    assert.deepEqual([round(found, 'list', []), found.size, found.hasDoubts], [[], 0, false]);
  });
});
