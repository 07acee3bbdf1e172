import assert from 'node:assert/strict';
import { BridgeError } from '../../operator/errors.ts';
import { FormerLease } from '../../operator/replicas/former-lease.ts';
import { FakeClock } from '../fake-clock.ts';
import { LogRecorder } from '../runtime/log-recorder.ts';
import { LeaseStore } from '../runtime/replica.ts';

const IDENTITY = 'main-nacos-bridge-5d9c-x1';

describe('the Lease of a former version', () => {
  let clock: FakeClock;
  let store: LeaseStore;
  let log: LogRecorder;
  let isStarted: boolean;
  let isForbidden: boolean;

  beforeEach(() => {
    [clock, store, log, isStarted, isForbidden] = [new FakeClock(), new LeaseStore(), new LogRecorder(), false, false];
  });

  function heldBy(holderIdentity: string): void {
    const times = { acquireTime: '', renewTime: '', leaseTransitions: 0 };
    store.create({ holderIdentity, leaseDurationSeconds: 15, ...times });
  }

  function started(): FormerLease {
    const lock = {
      get: async () => {
        if (isForbidden) throw new BridgeError('KUBE_FORBIDDEN', 'no');
        return store.record;
      },
      create: async (record: Parameters<LeaseStore['create']>[0]) => store.create(record),
      update: async (record: Parameters<LeaseStore['update']>[0]) => store.update(record),
      describe: () => 'system/nacos-bridge',
    };
    const former = new FormerLease({ lock, leaseName: 'main-nacos-bridge', identity: IDENTITY, clock, log });
    void former.start(new AbortController().signal).then(() => (isStarted = true));
    return former;
  }

  const holder = () => store.record?.holderIdentity;

  it('is held where it is free, and given back at the end', async () => {
    const former = started();
    await clock.advance(1000);
    assert.deepEqual([isStarted, holder()], [true, IDENTITY]);
    await clock.advance(60_000);
    assert.equal(holder(), IDENTITY);
    await former.stop(new AbortController().signal);
    assert.equal(holder(), '');
  });

  it('is waited for while a replica of the same release holds it, which is of a former version', async () => {
    heldBy('main-nacos-bridge-66f7-z9');
    started();
    await clock.advance(10_000);
    assert.equal(isStarted, false);
    await clock.advance(10_000);
    assert.deepEqual([isStarted, holder()], [true, IDENTITY]);
  });

  for (const other of ['other-nacos-bridge-66f7-z9', 'nacos-bridge-66f7-z9']) {
    it(`is left to ${other}, which is of another release, with a warning`, async () => {
      heldBy(other);
      const former = started();
      await clock.advance(1000);
      assert.deepEqual([isStarted, holder()], [true, other]);
      assert.ok(log.lines.some(({ level, message }) => level === 'warn' && message.includes('another release')));
      await clock.advance(60_000);
      assert.equal(holder(), other);
      await former.stop(new AbortController().signal);
      assert.equal(holder(), other);
    });
  }

  it('keeps nobody from leading who has no right to it', async () => {
    isForbidden = true;
    started();
    await clock.advance(29_000);
    assert.equal(isStarted, false);
    await clock.advance(2000);
    assert.equal(isStarted, true);
    assert.ok(log.lines.some(({ level, message }) => level === 'warn' && message.includes('cannot be had')));
  });
});
