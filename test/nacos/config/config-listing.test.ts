import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BridgeError } from '../../../operator/errors.ts';
import { collectListing, listingRequest, parseListingPage } from '../../../operator/nacos/config/config-listing.ts';
import type { ListingPage } from '../../../operator/nacos/config/config-listing.ts';
import { matcherOf } from '../../../operator/nacos/config/config-pattern.ts';
import { clientFor, nacosServer, stopAll, type TestClient } from '../client-for.ts';
import { isCode, plain } from './config-samples.ts';

const all = { namespaceId: '', group: '*', dataId: '*' };
const row = (dataId: string, group = 'g') => ({ groupName: group, dataId, namespaceId: 'public' });
const page = (dataIds: readonly string[], totalCount: number, pageCount: number): ListingPage => ({
  rows: dataIds.map((dataId) => row(dataId)),
  totalCount,
  pageCount,
});
const ids = (configs: readonly { dataId: string }[]) => configs.map(({ dataId }) => dataId).sort();

/** Answers with these pages, one after the other, whichever are asked for. */
function script(pages: readonly (ListingPage | BridgeError)[]) {
  const asked: number[] = [];
  const read = (number: number): Promise<ListingPage> => {
    const next = pages[asked.length] ?? new BridgeError('NACOS_UNREACHABLE', 'the script is over');
    asked.push(number);
    return next instanceof BridgeError ? Promise.reject(next) : Promise.resolve(next);
  };
  return { asked, read };
}

describe('A pattern of configs', () => {
  const cases: readonly [pattern: string, text: string, matches: boolean][] = [
    ['*', 'any', true],
    ['app-*', 'app-', true],
    ['app-*', 'my-app-1', false],
    ['*-prod', 'a-prod', true],
    ['a*b*c', 'aXbYc', true],
    ['a*b*c', 'acb', false],
    ['a.b', 'a.b', true],
    ['a.b', 'aXb', false],
    ['a_b', 'aXb', false],
    ['a%', 'ab', false],
    ['**', '', true],
    ['', '', true],
    ['', 'a', false],
  ];
  for (const [pattern, text, matches] of cases) {
    it(`says of '${pattern}' that it ${matches ? 'matches' : 'does not match'} '${text}'`, () => {
      assert.equal(matcherOf({ ...all, dataId: pattern })({ group: 'g', dataId: text }), matches);
      assert.equal(matcherOf({ ...all, group: pattern })({ group: text, dataId: 'd' }), matches);
    });
  }
});

describe('A listing of configs', () => {
  it('asks the API of each generation in its own words', () => {
    const pattern = { namespaceId: '', group: 'g**', dataId: 'd' };
    const common = { search: 'blur', dataId: 'd', pageNo: '2' };
    assert.deepEqual(listingRequest('v3', pattern, 2), {
      path: '/v3/admin/cs/config/list',
      query: { ...common, pageSize: '500', groupName: 'g*', namespaceId: 'public' },
    });
    assert.deepEqual(listingRequest('v1', { ...pattern, namespaceId: 'public' }, 2), {
      path: '/v1/cs/configs',
      query: { ...common, pageSize: '100', group: 'g*', tenant: '' },
    });
  });

  for (const text of ['', 'null', '{"data":null}', '{"code":0}', '{"pageItems":null}', '[]', '<html>']) {
    it(`takes the answer '${text}' for no page, not for an empty one`, () => {
      assert.throws(() => parseListingPage('v3', text), isCode('NACOS_FAILED'));
      assert.throws(() => parseListingPage('v1', text), isCode('NACOS_FAILED'));
    });
  }

  const failed = new BridgeError('NACOS_FAILED', 'an answer');
  const forbidden = new BridgeError('NACOS_FORBIDDEN', 'no');
  const passes: readonly {
    what: string;
    pages: readonly (ListingPage | BridgeError)[];
    finds: readonly string[] | 'NACOS_FAILED' | 'NACOS_FORBIDDEN';
    isComplete?: boolean;
    asks: readonly number[];
  }[] = [
    { what: 'nothing', pages: [page([], 0, 0)], finds: [], isComplete: true, asks: [1] },
    {
      what: 'all pages',
      pages: [page(['a'], 2, 2), page(['b'], 2, 2)],
      finds: ['a', 'b'],
      isComplete: true,
      asks: [1, 2],
    },
    {
      what: 'a removal between two pages, which another pass notices',
      pages: [page(['a', 'b'], 4, 2), page(['d'], 3, 2), page(['b', 'c'], 3, 2), page(['d'], 3, 2)],
      finds: ['b', 'c', 'd'],
      isComplete: true,
      asks: [1, 2, 1, 2],
    },
    {
      what: 'a row twice and another not at all, although the total stays',
      pages: [page(['a', 'b'], 3, 2), page(['b'], 3, 2), page(['a', 'b'], 3, 2), page(['c'], 3, 2)],
      finds: ['a', 'b', 'c'],
      isComplete: true,
      asks: [1, 2, 1, 2],
    },
    {
      what: 'changes in every pass: what was seen, and that it may not be all',
      pages: [page(['a'], 2, 1), page(['b'], 2, 1), page(['c'], 2, 1)],
      finds: ['a', 'b', 'c'],
      isComplete: false,
      asks: [1, 1, 1],
    },
    {
      what: 'a page that failed inside the server',
      pages: [page(['a'], 2, 2), failed, page(['a'], 1, 1)],
      finds: ['a'],
      isComplete: true,
      asks: [1, 2, 1],
    },
    { what: 'a failure each time', pages: [failed, failed, failed], finds: 'NACOS_FAILED', asks: [1, 1, 1] },
    { what: 'a refusal on any page', pages: [page(['a'], 2, 2), forbidden], finds: 'NACOS_FORBIDDEN', asks: [1, 2] },
  ];
  for (const { what, pages, finds, isComplete, asks } of passes) {
    it(`tells of ${what}`, async () => {
      const { asked, read } = script(pages);
      const listing = collectListing(all, read);
      if (typeof finds === 'string') await assert.rejects(listing, isCode(finds));
      else {
        assert.deepEqual(ids((await listing).configs), finds);
        assert.equal((await listing).isComplete, isComplete);
      }
      assert.deepEqual(asked, asks);
    });
  }

  it('leaves out what only SQL takes for a match, also another namespace', async () => {
    const rows = [
      { ...row('a_b'), namespaceId: 'n_1' },
      { ...row('aXb'), namespaceId: 'n_1' },
      { ...row('a_b'), namespaceId: 'nX1' },
      { dataId: 'a_b', group: 'no-namespace-told' },
    ];
    const read = () => Promise.resolve({ rows, totalCount: 4, pageCount: 1 });
    const { configs, isComplete } = await collectListing({ namespaceId: 'n_1', group: '*', dataId: 'a_b' }, read);
    assert.deepEqual([configs.map(({ group }) => group), isComplete], [['g', 'no-namespace-told'], true]);
  });

  it('misses nothing that exists all the while when configs only come, or only go', async () => {
    const change = fc.record({ before: fc.nat(12), at: fc.nat(40) });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 40 }),
        fc.array(change, { maxLength: 6 }),
        fc.boolean(),
        async (size, changes, come) => {
          const stored = Array.from({ length: size }, (_, index) => `d${index}`);
          const lasting = new Set(stored);
          let reads = 0;
          const read = (number: number): Promise<ListingPage> => {
            for (const { before, at } of changes.filter((one) => one.before === reads)) {
              if (come) stored.splice(at, 0, `new${before}-${stored.length}`);
              else for (const gone of stored.splice(at, 1)) lasting.delete(gone);
            }
            reads += 1;
            const rows = stored.slice((number - 1) * 5, number * 5);
            return Promise.resolve(page(rows, stored.length, Math.ceil(stored.length / 5)));
          };
          const { configs, isComplete } = await collectListing(all, read);
          if (!isComplete) return;
          const found = new Set(ids(configs));
          assert.deepEqual(
            [...lasting].filter((dataId) => !found.has(dataId)),
            [],
          );
        },
      ),
    );
  });
});

for (const generation of ['3.1', '2.3'] as const) {
  describe(`A listing of configs by an embedded Nacos ${generation}`, () => {
    afterEach(stopAll);

    async function publish({ client }: TestClient, names: readonly string[], namespaceId = ''): Promise<void> {
      const one = (dataId: string) => client.config.publish({ namespaceId, group: 'g', dataId }, dataId, plain);
      await Promise.all(names.map(one));
    }

    it('shows what matches, over several pages', async () => {
      const test = clientFor([await nacosServer({ generation })], { requestTimeoutMs: 60_000 });
      await publish(
        test,
        Array.from({ length: 620 }, (_, index) => `app-${index}`),
      );
      await publish(test, ['other']);
      const { configs, isComplete } = await test.client.admin.listConfigs({ ...all, dataId: 'app-*' });
      assert.deepEqual([configs.length, isComplete, new Set(ids(configs)).size], [620, true, 620]);
      assert.deepEqual(Object.keys(configs[0] ?? {}), ['group', 'dataId', 'md5', 'type']);
    });

    it('keeps to the namespace and to the letters of the pattern', async () => {
      const test = clientFor([await nacosServer({ generation })]);
      await publish(test, ['a_b', 'aXb'], 'n_1');
      await publish(test, ['a_b'], 'nX1');
      await publish(test, ['a_b']);
      const { configs } = await test.client.admin.listConfigs({ namespaceId: 'n_1', group: 'g', dataId: 'a_b' });
      assert.deepEqual(ids(configs), ['a_b']);
      assert.deepEqual((await test.client.admin.listConfigs({ ...all, namespaceId: 'nobody' })).configs, []);
    });

    it('is refused without a login, and given with one', async () => {
      const nacos = await nacosServer({ generation, auth: { password: 'secret-1' } });
      const known = clientFor([nacos], { credentials: { username: 'nacos', password: 'secret-1' } });
      await publish(known, ['a']);
      assert.deepEqual(ids((await known.client.admin.listConfigs(all)).configs), ['a']);
      await assert.rejects(clientFor([nacos]).client.admin.listConfigs(all), isCode('NACOS_UNAUTHENTICATED'));
    });

    it('tells a server without the API from one without configs', async () => {
      const nacos = await nacosServer({ generation });
      const { client, connected } = clientFor([nacos]);
      await connected();
      nacos.refuses('GET *', 404);
      await assert.rejects(client.admin.listConfigs(all), isCode('NACOS_UNSUPPORTED'));
    });
  });
}
