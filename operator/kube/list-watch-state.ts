/**
 * The states of one list-and-watch and what leads from one to the next, without I/O or time.
 *
 *                 page, more            last page            opened
 *      empty ────────────────> listing ───────────> listed ─────────> watching ─┐ event, bookmark:
 *      ^  ^ └───────────────── last page ──────────> ^  ^                │  ^────┘ newer resourceVersion
 *      │  └── 410 within the pages (then all at once)│  │  ended, broken,│
 *      │                                             │  └── 429 ─────────┤   resume where it stopped
 *      └── 404, 410, refused as invalid ─────────────┘                   │
 *      └── ERROR event other than 429 ───────────────────────────────────┘   list anew
 *
 * `pause` asks for a growing delay before the next step. The normal ways on have none: a healthy watch that ended is
 * resumed at once, an expired one listed at once. Two things that look normal pause nevertheless, since a server that
 * repeats them would otherwise be hammered: a watch that ends before it sent anything, and a version that expires
 * though it is fresh from a list.
 */
import { isBridgeError } from '../errors.ts';
import type { BridgeError } from '../errors.ts';
import type { RelistReason } from './metrics.ts';

/** What survives from watch to watch. */
interface Position {
  /** Opaque: goes back to the server as it came. */
  readonly resourceVersion: string;
  /** Nothing was received since the list. */
  readonly fresh: boolean;
  /** The server sends bookmarks, so that silence means something. */
  readonly bookmarksSeen: boolean;
}

export type ListWatchState<T> =
  | { readonly phase: 'empty'; readonly reason: RelistReason; readonly paged: boolean }
  | { readonly phase: 'listing'; readonly pages: readonly (readonly T[])[]; readonly continue: string }
  | ({ readonly phase: 'listed' } & Position)
  | ({ readonly phase: 'watching' } & Position);

export type Outcome<T> =
  | {
      readonly type: 'page';
      readonly items: readonly T[];
      readonly resourceVersion: string;
      readonly continue?: string;
    }
  | { readonly type: 'list-failed'; readonly error: BridgeError }
  | { readonly type: 'watch-opened' }
  | { readonly type: 'watch-refused'; readonly error: BridgeError }
  | { readonly type: 'event' | 'bookmark'; readonly resourceVersion: string }
  | { readonly type: 'error-event'; readonly error: BridgeError; readonly httpStatus: number }
  /** The server ended the watch; `useful` when it was open for a while or sent anything. */
  | { readonly type: 'watch-ended'; readonly useful: boolean }
  | { readonly type: 'watch-broken'; readonly error: BridgeError };

export interface Transition<T> {
  readonly state: ListWatchState<T>;
  readonly pause: boolean;
  /** The complete list, when this outcome completed one. */
  readonly listed?: readonly T[];
}

/** What happens in `state` when `outcome` comes in; an outcome that cannot come in that state is a TypeError. */
export function transition<T>(state: ListWatchState<T>, outcome: Outcome<T>): Transition<T> {
  switch (state.phase) {
    case 'empty':
    case 'listing':
      if (outcome.type === 'page') return afterPage(state, outcome);
      if (outcome.type === 'list-failed') return afterListFailure(state, outcome.error);
      break;
    case 'listed':
      if (outcome.type === 'watch-opened') return { state: { ...state, phase: 'watching' }, pause: false };
      if (outcome.type === 'watch-refused') return afterRefusal(state, outcome.error);
      break;
    case 'watching':
      return afterWatch(state, outcome);
  }
  throw new TypeError(`'${outcome.type}' cannot happen while ${state.phase}`);
}

function afterPage<T>(
  state: Extract<ListWatchState<T>, { phase: 'empty' | 'listing' }>,
  page: Extract<Outcome<T>, { type: 'page' }>,
): Transition<T> {
  const pages = [...(state.phase === 'listing' ? state.pages : []), page.items];
  if (page.continue !== undefined) {
    return { state: { phase: 'listing', pages, continue: page.continue }, pause: false };
  }
  const { resourceVersion } = page;
  return {
    state: { phase: 'listed', resourceVersion, fresh: true, bookmarksSeen: false },
    pause: false,
    listed: pages.flat(),
  };
}

/** A page is asked for again where that can help; a list whose pages expire while being read is read in one go. */
function afterListFailure<T>(state: ListWatchState<T>, error: BridgeError): Transition<T> {
  if (state.phase !== 'listing') return { state, pause: true };
  if (isBridgeError(error, 'KUBE_EXPIRED')) return { state: empty('expired', false), pause: false };
  if (isBridgeError(error, 'KUBE_INVALID', 'KUBE_NOT_FOUND')) return { state: empty('refused'), pause: true };
  return { state, pause: true };
}

/**
 * After 404 the type may come back with other objects (a CRD that was deleted and created again), and a version that
 * was refused as invalid stays invalid: both need a new list.
 */
function afterRefusal<T>(state: Extract<ListWatchState<T>, { phase: 'listed' }>, error: BridgeError): Transition<T> {
  if (isBridgeError(error, 'KUBE_EXPIRED')) return { state: empty('expired'), pause: state.fresh };
  if (isBridgeError(error, 'KUBE_INVALID', 'KUBE_NOT_FOUND')) return { state: empty('refused'), pause: true };
  return { state, pause: true };
}

function afterWatch<T>(state: Extract<ListWatchState<T>, { phase: 'watching' }>, outcome: Outcome<T>): Transition<T> {
  const resume = { ...state, phase: 'listed' } as const;
  switch (outcome.type) {
    case 'event':
    case 'bookmark': {
      const bookmarksSeen = state.bookmarksSeen || outcome.type === 'bookmark';
      const { resourceVersion } = outcome;
      return { state: { phase: 'watching', resourceVersion, fresh: false, bookmarksSeen }, pause: false };
    }
    case 'error-event':
      if (outcome.httpStatus === 410) return { state: empty('expired'), pause: state.fresh };
      if (outcome.httpStatus === 429) return { state: resume, pause: true };
      return { state: empty('error-event'), pause: true };
    case 'watch-ended':
      return { state: resume, pause: !outcome.useful };
    case 'watch-broken':
      return { state: resume, pause: true };
    case 'page':
    case 'list-failed':
    case 'watch-opened':
    case 'watch-refused':
      throw new TypeError(`'${outcome.type}' cannot happen while watching`);
  }
}

function empty(reason: RelistReason, paged = true): { phase: 'empty'; reason: RelistReason; paged: boolean } {
  return { phase: 'empty', reason, paged };
}
