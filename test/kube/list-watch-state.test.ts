import assert from 'node:assert/strict';
import { BridgeError } from '../../operator/errors.ts';
import type { ErrorCode } from '../../operator/errors.ts';
import { transition } from '../../operator/kube/list-watch-state.ts';
import type { ListWatchState, Outcome } from '../../operator/kube/list-watch-state.ts';

type State = ListWatchState<string>;

const error = (code: ErrorCode) => new BridgeError(code, code);
const empty: State = { phase: 'empty', reason: 'start', paged: true };
const listing: State = { phase: 'listing', pages: [['a']], continue: 'token' };
const fresh = { resourceVersion: '5', fresh: true, bookmarksSeen: false };
const worn = { resourceVersion: '5', fresh: false, bookmarksSeen: true };
const listed: State = { phase: 'listed', ...fresh };
const watching: State = { phase: 'watching', ...worn };
const relist = (reason: 'expired' | 'refused' | 'error-event', paged = true): State => ({
  phase: 'empty',
  reason,
  paged,
});

describe('a list and watch', () => {
  interface Row {
    title: string;
    from: State;
    outcome: Outcome<string>;
    to: State;
    pause?: boolean;
    listed?: string[];
  }
  const rows: Row[] = [
    {
      title: 'goes on with the next page',
      from: empty,
      outcome: { type: 'page', items: ['a'], resourceVersion: '5', continue: 'token' },
      to: listing,
    },
    {
      title: 'has the list when the last page came',
      from: listing,
      outcome: { type: 'page', items: ['b'], resourceVersion: '5' },
      to: listed,
      listed: ['a', 'b'],
    },
    {
      title: 'lists again after a failure',
      from: empty,
      outcome: { type: 'list-failed', error: error('KUBE_UNAVAILABLE') },
      to: empty,
      pause: true,
    },
    {
      title: 'asks for the same page again after a failure',
      from: listing,
      outcome: { type: 'list-failed', error: error('KUBE_UNAVAILABLE') },
      to: listing,
      pause: true,
    },
    {
      title: 'lists all at once when a page token has expired',
      from: listing,
      outcome: { type: 'list-failed', error: error('KUBE_EXPIRED') },
      to: relist('expired', false),
    },
    {
      title: 'begins anew when a page token is refused',
      from: listing,
      outcome: { type: 'list-failed', error: error('KUBE_INVALID') },
      to: relist('refused'),
      pause: true,
    },
    {
      title: 'watches from the list',
      from: listed,
      outcome: { type: 'watch-opened' },
      to: { ...listed, phase: 'watching' },
    },
    {
      title: 'keeps its place while watching is forbidden',
      from: listed,
      outcome: { type: 'watch-refused', error: error('KUBE_FORBIDDEN') },
      to: listed,
      pause: true,
    },
    {
      title: 'lists anew, with a pause, when a version straight from a list has expired',
      from: listed,
      outcome: { type: 'watch-refused', error: error('KUBE_EXPIRED') },
      to: relist('expired'),
      pause: true,
    },
    {
      title: 'lists anew at once when an older version has expired',
      from: { phase: 'listed', ...worn },
      outcome: { type: 'watch-refused', error: error('KUBE_EXPIRED') },
      to: relist('expired'),
    },
    {
      title: 'lists anew when the type is gone',
      from: listed,
      outcome: { type: 'watch-refused', error: error('KUBE_NOT_FOUND') },
      to: relist('refused'),
      pause: true,
    },
    {
      title: 'moves on with an event',
      from: watching,
      outcome: { type: 'event', resourceVersion: '6' },
      to: { ...watching, resourceVersion: '6' },
    },
    {
      title: 'moves on with a bookmark',
      from: { phase: 'watching', ...fresh },
      outcome: { type: 'bookmark', resourceVersion: '6' },
      to: { ...watching, resourceVersion: '6' },
    },
    {
      title: 'resumes at once after a useful watch',
      from: watching,
      outcome: { type: 'watch-ended', useful: true },
      to: { phase: 'listed', ...worn },
    },
    {
      title: 'pauses after a useless watch',
      from: watching,
      outcome: { type: 'watch-ended', useful: false },
      to: { phase: 'listed', ...worn },
      pause: true,
    },
    {
      title: 'resumes after a broken connection',
      from: watching,
      outcome: { type: 'watch-broken', error: error('KUBE_UNAVAILABLE') },
      to: { phase: 'listed', ...worn },
      pause: true,
    },
    {
      title: 'lists anew at once after an ERROR event with 410',
      from: watching,
      outcome: { type: 'error-event', httpStatus: 410, error: error('KUBE_EXPIRED') },
      to: relist('expired'),
    },
    {
      title: 'resumes after an ERROR event with 429',
      from: watching,
      outcome: { type: 'error-event', httpStatus: 429, error: error('KUBE_UNAVAILABLE') },
      to: { phase: 'listed', ...worn },
      pause: true,
    },
    {
      title: 'lists anew after any other ERROR event',
      from: watching,
      outcome: { type: 'error-event', httpStatus: 500, error: error('KUBE_UNAVAILABLE') },
      to: relist('error-event'),
      pause: true,
    },
  ];
  for (const { title, from, outcome, to, pause = false, listed: complete } of rows) {
    it(title, () => {
      const { state, pause: paused, listed: given } = transition(from, outcome);
      assert.deepEqual(state, to);
      assert.equal(paused, pause);
      assert.deepEqual(given, complete);
    });
  }

  it('refuses what cannot happen', () => {
    assert.throws(() => transition(empty, { type: 'watch-opened' }), /cannot happen while empty/);
    assert.throws(() => transition(watching, { type: 'watch-opened' }), /cannot happen while watching/);
  });
});
