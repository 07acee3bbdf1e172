/**
 * Which replica publishes when some of them have lost the API server.
 *
 * A replica that lost it would keep dead pods in Nacos; but when the API server itself is away all are blind, and then
 * nothing may go. So a blind replica says so and keeps its records, and only when a sighted one takes over by name does it
 * close its publishing connections. This file is that protocol as one pure transition function; messages are the entries
 * that every replica has in Nacos (replica-entry.ts), of which only those of its equals reach it (peers.ts).
 *
 *   state      event                                                    next state
 *   sighted    its view of the API server is too old (sight.ts)         blind, with a new epoch; relieves nobody
 *   sighted    an entry says Lost that did not before                   relieves it once three things were done after it
 *                                                                       was seen: own Lease renewed, own view listed
 *                                                                       anew, and all that is owed confirmed by Nacos
 *   sighted    a relieved entry is gone, is Synced or has a new epoch   does not name it any more
 *   sighted    a connection that publishes was lost                     names nobody until all is confirmed again
 *   blind      a sighted entry names us with our epoch                  relieved: closes its publishing connections
 *   relieved   no sighted entry names us any more                       blind: publishes again
 *   blind      synced again                                             sighted
 *   relieved   synced again                                             sighted: publishes again
 *
 * What is owed is what the blind one has there: all NacosConnections that its entry lists, of which each is either held by
 * the sighted one or wanted by nobody any more. One of somebody else's that cannot be used keeps nobody from being relieved.
 *
 * Guarantees: without an entry that names it no replica ever closes anything; and a replica that lost the API server
 * names nobody, so an outage of the API server closes nothing that was open.
 * Why after it was seen: a replica that renewed before the other one was lost may be about to lose the API server too.
 * Why its own view: a watch that lags would not have the pods that the blind one published last.
 */

/** Stands in an entry for connections that it has no room for. */
export const MORE_CONNECTIONS = '*';

/** What a replica says of itself in Nacos. */
export interface ReplicaEntry {
  readonly identity: string;
  readonly kubernetes: 'Synced' | 'Lost';
  /** Different each time that the API server is lost. */
  readonly epoch: string;
  /** `identity/epoch` of those that need not publish. */
  readonly relieves: readonly string[];
  /** Digests of the connections that it publishes over; without any it is only there for the others. */
  readonly connections: readonly string[];
}

/** How far the relief of one blind peer has come, by what was done after its entry was seen. */
interface Relief {
  readonly seenMs: number;
  /** Of the blind one. */
  readonly connections: readonly string[];
  readonly isRenewed: boolean;
  readonly isListed: boolean;
  readonly isNamed: boolean;
}

export type ReplicaState =
  | { readonly kind: 'sighted'; readonly epoch: string; readonly reliefs: ReadonlyMap<string, Relief> }
  | { readonly kind: 'blind'; readonly epoch: string }
  | { readonly kind: 'relieved'; readonly epoch: string };

export type ReplicaEvent =
  /** All entries but our own, as Nacos pushed them. */
  | { readonly kind: 'entries'; readonly entries: readonly ReplicaEntry[]; readonly nowMs: number }
  /** Our Lease was renewed by a request that began at that time. */
  | { readonly kind: 'renewed'; readonly begunMs: number }
  /** Our view of the API server was listed by requests that began at that time. */
  | { readonly kind: 'listed'; readonly begunMs: number }
  /**
   * Nacos has confirmed all that we want it to hold, but for what is wanted over these connections: digests of those that
   * cannot be used yet, or over which not everything is confirmed.
   */
  | { readonly kind: 'confirmed'; readonly lacking: ReadonlySet<string> }
  /** A connection that publishes was lost: what it held is not in Nacos now. */
  | { readonly kind: 'disconnected' }
  /** Our view of the API server was not confirmed for the lease duration. */
  | { readonly kind: 'lost'; readonly epoch: string }
  /** Our view is confirmed again. */
  | { readonly kind: 'synced' };

export const initialState: ReplicaState = { kind: 'sighted', epoch: '', reliefs: new Map() };

export function transition(state: ReplicaState, event: ReplicaEvent, identity: string): ReplicaState {
  switch (event.kind) {
    case 'lost':
      return state.kind === 'sighted' ? { kind: 'blind', epoch: event.epoch } : state;
    case 'synced':
      return state.kind === 'sighted' ? state : { kind: 'sighted', epoch: state.epoch, reliefs: new Map() };
    case 'entries':
      return state.kind === 'sighted' ? followBlind(state, event) : yieldTo(state, event.entries, identity);
    case 'renewed':
      return advance(state, (relief) => (relief.seenMs < event.begunMs ? { ...relief, isRenewed: true } : relief));
    case 'listed':
      return advance(state, (relief) => (relief.seenMs < event.begunMs ? { ...relief, isListed: true } : relief));
    case 'disconnected':
      return advance(state, (relief) => ({ ...relief, isNamed: false }));
    case 'confirmed':
      return advance(state, (relief) => ({
        ...relief,
        isNamed: relief.isNamed || (relief.isRenewed && relief.isListed && owesNothing(relief, event.lacking)),
      }));
  }
}

/** Whether its connections that publish are to be open. */
export function publishes({ kind }: ReplicaState): boolean {
  return kind !== 'relieved';
}

export function entryOf(state: ReplicaState, identity: string, connections: readonly string[]): ReplicaEntry {
  const { epoch } = state;
  if (state.kind !== 'sighted') return { identity, kubernetes: 'Lost', epoch, relieves: [], connections };
  return { identity, kubernetes: 'Synced', epoch, relieves: namesIn(state), connections };
}

/** Those that a replica in this state relieves. */
export function namesIn(state: ReplicaState): readonly string[] {
  if (state.kind !== 'sighted') return [];
  return [...state.reliefs]
    .filter(([, { isNamed }]) => isNamed)
    .map(([name]) => name)
    .toSorted();
}

/** The blind ones among the peers, with what was done for those that were known. */
function followBlind(
  state: ReplicaState & { kind: 'sighted' },
  { entries, nowMs }: ReplicaEvent & { kind: 'entries' },
): ReplicaState {
  const begun = { seenMs: nowMs, isRenewed: false, isListed: false, isNamed: false };
  const reliefs = entries
    .filter(({ kubernetes }) => kubernetes === 'Lost')
    .map((entry): [string, Relief] => {
      const name = nameOf(entry);
      return [name, { ...(state.reliefs.get(name) ?? begun), connections: entry.connections }];
    });
  const isSame = reliefs.every(([name, relief]) => isSameRelief(relief, state.reliefs.get(name)));
  return isSame && reliefs.length === state.reliefs.size ? state : { ...state, reliefs: new Map(reliefs) };
}

/** Whether all that the blind one has is ours to publish by now, and is published, or is wanted by nobody. */
function owesNothing({ connections }: Relief, lacking: ReadonlySet<string>): boolean {
  if (connections.includes(MORE_CONNECTIONS)) return lacking.size === 0;
  return !connections.some((connection) => lacking.has(connection));
}

function yieldTo(
  state: Exclude<ReplicaState, { kind: 'sighted' }>,
  entries: readonly ReplicaEntry[],
  identity: string,
): ReplicaState {
  const name = nameOf({ identity, epoch: state.epoch });
  const isNamed = entries.some(({ kubernetes, relieves }) => kubernetes === 'Synced' && relieves.includes(name));
  const kind = isNamed ? 'relieved' : 'blind';
  return kind === state.kind ? state : { kind, epoch: state.epoch };
}

function advance(state: ReplicaState, step: (relief: Relief) => Relief): ReplicaState {
  if (state.kind !== 'sighted' || state.reliefs.size === 0) return state;
  const next = new Map([...state.reliefs].map(([name, relief]) => [name, step(relief)] as const));
  const isSame = [...next].every(([name, relief]) => isSameRelief(relief, state.reliefs.get(name)));
  return isSame ? state : { ...state, reliefs: next };
}

function isSameRelief(a: Relief, b: Relief | undefined): boolean {
  const isAsFar = a.isRenewed === b?.isRenewed && a.isListed === b.isListed && a.isNamed === b.isNamed;
  return isAsFar && a.connections.join() === b.connections.join();
}

function nameOf({ identity, epoch }: Pick<ReplicaEntry, 'identity' | 'epoch'>): string {
  return `${identity}/${epoch}`;
}
