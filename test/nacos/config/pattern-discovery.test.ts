import assert from 'node:assert/strict';
import { BridgeError } from '../../../operator/errors.ts';
import type { ErrorCode } from '../../../operator/errors.ts';
import { silentLogger } from '../../../operator/logger.ts';
import type { ConfigListing } from '../../../operator/nacos/config/config-listing.ts';
import type { ConfigName, ConfigPattern } from '../../../operator/nacos/config/config-pattern.ts';
import type { FuzzyWatchApi } from '../../../operator/nacos/config/fuzzy-watch-api.ts';
import { PatternDiscovery } from '../../../operator/nacos/config/pattern-discovery.ts';
import { RequestLimiter } from '../../../operator/nacos/transport/request-limiter.ts';
import { FakeClock } from '../../fake-clock.ts';

const pattern = { namespaceId: '', group: 'g', dataId: '*' };
const watched = 'public>>g>>*';
const name = (dataId: string): ConfigName => ({ group: 'g', dataId });
const dataIds = (names: Iterable<ConfigName>) => Array.from(names, ({ dataId }) => dataId).sort();
const many = (count: number) => Array.from({ length: count }, (_, index) => `d${index}`);
const change = (dataId: string, isGone: boolean) => ({ key: { namespaceId: '', ...name(dataId) }, isGone });

/** A server in memory that a test lets change, refuse and fall silent. */
class World {
  readonly clock = new FakeClock();
  readonly events: string[] = [];
  readonly exists = new Set<string>();
  /** What watches are answered with; undefined for an acceptance. */
  refuses: ErrorCode | undefined;
  listFails: ErrorCode | undefined;
  isSilent = false;
  isListComplete = true;
  watches = 0;
  lists = 0;
  cancels = 0;
  readonly discovery: PatternDiscovery;

  constructor(of: ConfigPattern = pattern) {
    const api = {
      watch: (_pattern: ConfigPattern, known: Iterable<ConfigName>) => this.#watch(dataIds(known)),
      cancel: () => {
        this.cancels += 1;
        return Promise.resolve();
      },
    } as unknown as FuzzyWatchApi;
    this.discovery = new PatternDiscovery(of, {
      api,
      list: () => this.#list(),
      listingLimiter: new RequestLimiter(1),
      clock: this.clock,
      random: () => 0,
      log: silentLogger,
      onChange: ({ added, removed }) => {
        for (const one of dataIds(added)) this.events.push(`+${one}`);
        for (const one of dataIds(removed)) this.events.push(`-${one}`);
      },
    });
  }

  get mode(): string {
    const { isComplete, mode } = this.discovery.state;
    return `${mode ?? 'nothing'}${isComplete ? '' : ', incomplete'}`;
  }

  notice(dataId: string, isGone: boolean): void {
    this.discovery.pushed({ kind: 'change', change: change(dataId, isGone) });
  }

  finish(): void {
    this.discovery.pushed({ kind: 'finished', watched });
  }

  takeEvents(): string[] {
    return this.events.splice(0);
  }

  async #watch(known: readonly string[]): Promise<void> {
    this.watches += 1;
    const added = [...this.exists].filter((dataId) => !known.includes(dataId));
    const gone = known.filter((dataId) => !this.exists.has(dataId));
    const changes = [...added.map((dataId) => change(dataId, false)), ...gone.map((dataId) => change(dataId, true))];
    if (this.refuses !== 'NACOS_UNSUPPORTED') this.discovery.pushed({ kind: 'difference', watched, changes });
    if (this.refuses) throw new BridgeError(this.refuses, 'refused');
    if (!this.isSilent) setImmediate(() => this.finish());
    await Promise.resolve();
  }

  #list(): Promise<ConfigListing> {
    this.lists += 1;
    if (this.listFails) return Promise.reject(new BridgeError(this.listFails, 'the list failed'));
    const configs = Array.from(this.exists, (dataId) => ({ ...name(dataId), md5: undefined, type: undefined }));
    return Promise.resolve({ configs, isComplete: this.isListComplete });
  }
}

async function started(world: World, ...existing: readonly string[]): Promise<World> {
  for (const dataId of existing) world.exists.add(dataId);
  world.discovery.connected();
  await world.clock.advance(1);
  return world;
}

describe('The discovery of a pattern', () => {
  describe('by a fuzzy watch', () => {
    it('is complete when the server says that this was all', async () => {
      const world = new World();
      world.isSilent = true;
      await started(world, 'a', 'b');
      assert.deepEqual([world.takeEvents(), world.mode], [['+a', '+b'], 'nothing, incomplete']);
      world.finish();
      await world.clock.advance(1);
      assert.deepEqual([world.mode, world.lists], ['FuzzyWatch', 0]);
    });

    it('tells of what appears at once, and of nothing twice', async () => {
      const world = await started(new World(), 'a');
      world.takeEvents();
      for (const dataId of ['b', 'b', 'a']) world.notice(dataId, false);
      assert.deepEqual(world.events, ['+b']);
    });

    it('asks again before it believes a notice that something is gone', async () => {
      const world = await started(new World(), 'a', 'b');
      world.takeEvents();
      world.exists.delete('b');
      for (const dataId of ['a', 'b']) world.notice(dataId, true);
      assert.equal(world.watches, 1);
      await world.clock.advance(1_000);
      assert.deepEqual([world.takeEvents(), world.watches], [['-b'], 2]);
    });

    it('confirms a burst of notices by one request', async () => {
      const world = await started(new World(), ...many(300));
      world.exists.clear();
      for (const dataId of many(300)) world.notice(dataId, true);
      await world.clock.advance(1_000);
      assert.deepEqual([[...world.discovery.names()].length, world.watches], [0, 2]);
    });

    it('asks every three minutes, and twice before it believes what it hears to be missing', async () => {
      const world = await started(new World(), 'a', 'b');
      world.takeEvents();
      world.exists.delete('a');
      world.exists.add('c');
      await world.clock.advance(162_001);
      assert.deepEqual([world.takeEvents(), world.watches], [['+c'], 2]);
      await world.clock.advance(10_000);
      assert.deepEqual([world.takeEvents(), world.watches], [['-a'], 3]);
    });

    it('loses nothing when a server that has just started knows nothing yet', async () => {
      const world = await started(new World(), 'a', 'b');
      world.takeEvents();
      world.discovery.disconnected();
      assert.equal(world.mode, 'FuzzyWatch, incomplete');
      world.exists.clear();
      await started(world);
      assert.equal(world.mode, 'FuzzyWatch');
      for (const dataId of ['a', 'b']) world.exists.add(dataId);
      await world.clock.advance(10 * 60_000);
      assert.deepEqual(world.events, []);
    });

    it('does not add up what one connection missed and what the next one misses', async () => {
      const world = await started(new World(), 'a');
      world.takeEvents();
      for (let turn = 0; turn < 4; turn += 1) {
        world.exists.clear();
        await started(world);
        world.discovery.disconnected();
      }
      assert.deepEqual(world.events, []);
    });

    it('ends nothing with a connection, and hears no timer of it any more', async () => {
      const world = await started(new World(), 'a');
      world.takeEvents();
      world.notice('a', true);
      world.discovery.disconnected();
      await world.clock.advance(10 * 60_000);
      assert.deepEqual([world.events, world.watches, world.clock.waitingMs], [[], 1, []]);
    });

    it('takes a name that the server writes in another way for present', async () => {
      const world = await started(new World(), 'a');
      world.takeEvents();
      for (let turn = 0; turn < 3; turn += 1) {
        world.isSilent = true;
        await world.clock.advance(180_000);
        const changes = [change('a', true), change('a', false)];
        world.discovery.pushed({ kind: 'difference', watched, changes });
        world.finish();
        await world.clock.advance(1);
      }
      assert.deepEqual(world.events, []);
    });

    it('ignores what another pattern or namespace brings', async () => {
      const world = await started(new World({ ...pattern, dataId: 'app-*' }));
      world.notice('other', false);
      world.discovery.pushed({
        kind: 'change',
        change: { key: { namespaceId: 'n', ...name('app-1') }, isGone: false },
      });
      world.discovery.pushed({ kind: 'difference', watched: 'public>>g>>ap*', changes: [change('app-1', false)] });
      assert.deepEqual(world.events, []);
    });
  });

  describe('by listing', () => {
    const refusals: readonly [code: ErrorCode, cancels: number][] = [
      ['NACOS_UNSUPPORTED', 0],
      ['NACOS_OVERLOADED', 1],
      ['NACOS_FORBIDDEN', 1],
      ['NACOS_FAILED', 1],
      ['TIMEOUT', 1],
    ];
    for (const [code, cancels] of refusals) {
      it(`takes the place of a watch that is refused with ${code}`, async () => {
        const world = new World();
        world.refuses = code;
        await started(world, 'a');
        assert.deepEqual([world.takeEvents(), world.mode, world.lists, world.cancels], [['+a'], 'Listing', 1, cancels]);
        assert.equal(world.discovery.state.watchError?.code, code);
      });
    }

    it('takes the place of a watch whose answer does not come to an end', async () => {
      const world = new World();
      world.isSilent = true;
      await started(world, 'a');
      await world.clock.advance(30_000);
      assert.deepEqual([world.mode, world.discovery.state.watchError?.code], ['Listing', 'TIMEOUT']);
    });

    it('is how a pattern is found that a watch cannot say', async () => {
      const world = await started(new World({ ...pattern, dataId: 'a*b' }), 'a-b');
      assert.deepEqual([world.mode, world.watches, world.takeEvents()], ['Listing', 0, ['+a-b']]);
      await world.clock.advance(22_500);
      assert.deepEqual([world.watches, world.lists], [0, 2]);
    });

    it('is repeated, and removes what two complete ones in a row do not show', async () => {
      const world = new World();
      world.refuses = 'NACOS_UNSUPPORTED';
      await started(world, 'a', 'b');
      world.takeEvents();
      world.exists.delete('b');
      await world.clock.advance(22_500);
      assert.deepEqual([world.lists, world.events], [2, []]);
      await world.clock.advance(22_500);
      assert.deepEqual([world.lists, world.takeEvents()], [3, ['-b']]);
    });

    it('removes nothing while it is incomplete, and says so', async () => {
      const world = new World();
      world.refuses = 'NACOS_UNSUPPORTED';
      world.isListComplete = false;
      await started(world, 'a', 'b');
      assert.equal(world.mode, 'Listing, incomplete');
      world.exists.delete('b');
      world.exists.add('c');
      await world.clock.advance(100_000);
      assert.deepEqual(world.takeEvents(), ['+a', '+b', '+c']);
    });

    it('removes nothing for errors, waits longer after each, and says why', async () => {
      const world = new World();
      world.refuses = 'NACOS_UNSUPPORTED';
      await started(world, 'a');
      world.takeEvents();
      world.listFails = 'NACOS_FORBIDDEN';
      world.exists.clear();
      const pausesMs: number[] = [];
      await world.clock.advance(22_499);
      for (let turn = 0; turn < 8; turn += 1) {
        const [pauseMs = 0] = world.clock.waitingMs;
        pausesMs.push(pauseMs);
        await world.clock.advance(pauseMs);
      }
      assert.deepEqual(pausesMs, [5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
      assert.deepEqual([world.events, world.discovery.state.lastError?.code], [[], 'NACOS_FORBIDDEN']);
      world.listFails = undefined;
      world.exists.add('a');
      world.discovery.retry();
      await world.clock.advance(1);
      assert.deepEqual([world.events, world.discovery.state.lastError], [[], undefined]);
    });

    it('gives way to a watch after some minutes where the server had too many patterns', async () => {
      const world = new World();
      world.refuses = 'NACOS_OVERLOADED';
      await started(world, 'a');
      world.refuses = undefined;
      await world.clock.advance(4 * 60_000);
      assert.deepEqual([world.mode, world.watches], ['Listing', 1]);
      await world.clock.advance(90_000);
      assert.deepEqual([world.mode, world.watches, world.discovery.state.watchError], ['FuzzyWatch', 2, undefined]);
    });

    it('stays where there are more configs than a watch may have, until the next connection', async () => {
      const world = new World();
      world.refuses = 'NACOS_OVERLOADED';
      await started(world, ...many(500));
      world.refuses = undefined;
      await world.clock.advance(60 * 60_000);
      assert.deepEqual([world.mode, world.watches], ['Listing', 1]);
      world.discovery.disconnected();
      await started(world);
      assert.deepEqual([world.mode, world.watches], ['FuzzyWatch', 2]);
    });

    it('begins soon after a watch has reached the limit beyond which servers are silent', async () => {
      const world = await started(new World(), ...many(499));
      world.refuses = 'NACOS_OVERLOADED';
      world.exists.add('d499');
      world.notice('d499', false);
      world.exists.add('unheard-of');
      world.takeEvents();
      await world.clock.advance(1_000);
      assert.deepEqual([world.mode, world.takeEvents(), world.cancels], ['Listing', ['+unheard-of'], 1]);
    });

    it('does not add up what the watch missed and what the listing misses', async () => {
      const world = await started(new World(), 'a');
      world.takeEvents();
      world.exists.clear();
      world.notice('a', true);
      world.refuses = 'NACOS_FAILED';
      await world.clock.advance(1_000);
      assert.deepEqual([world.mode, world.lists, world.events], ['Listing', 1, []]);
      await world.clock.advance(22_500);
      assert.deepEqual(world.events, ['-a']);
    });
  });

  it('tries again soon when the connection fails below the watch, and does not list', async () => {
    const world = new World();
    world.refuses = 'NACOS_UNREACHABLE';
    await started(world, 'a');
    assert.deepEqual([world.lists, world.discovery.state.lastError?.code], [0, 'NACOS_UNREACHABLE']);
    world.refuses = undefined;
    await world.clock.advance(5_000);
    assert.deepEqual([world.mode, world.discovery.state.lastError], ['FuzzyWatch', undefined]);
  });

  it('tells the server when it ends, if that may be watching', async () => {
    const watching = await started(new World());
    await watching.discovery.leave();
    const listing = new World();
    listing.refuses = 'NACOS_UNSUPPORTED';
    await started(listing);
    await listing.discovery.leave();
    const unconnected = new World();
    await unconnected.discovery.leave();
    assert.deepEqual([watching.cancels, listing.cancels, unconnected.cancels], [1, 0, 0]);
    assert.deepEqual([watching.clock.waitingMs, listing.clock.waitingMs], [[], []]);
  });
});
