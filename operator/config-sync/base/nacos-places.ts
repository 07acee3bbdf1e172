/**
 * The Nacos namespaces that the connections lead to, as they are now: each is asked for its id once a connection, and again
 * when the connection has been away or has another server, since another Nacos may stand behind its address then.
 *
 * Guarantee: a namespace without an id gets one, a new one; or the former one, where the servers and what they hold say that
 * only the id was lost.
 */
import { randomUUID } from 'node:crypto';
import { notReady, type ConnectionHandle } from '../../connections/connection-directory.ts';
import { BridgeError, isBridgeError, isLostRace } from '../../errors.ts';
import type { ClientState, NacosClient } from '../../nacos/index.ts';
import { errorOf, hostAndPort } from '../../nacos/index.ts';
import { serversOf, type PlaceNow } from './nacos-place.ts';
import { makePlaceId, readPlaceId, type PlaceId } from './place-id.ts';
import { areHeld, formerId, unboundBases, type RecordedBases, type Where } from './recorded-bases.ts';

/** A creation that is refused although nothing is there may be refused for ever: see session.ts. */
const CREATIONS = 5;

interface Look {
  answer?: Promise<PlaceNow>;
  /** The connection was lost or has moved since. */
  isOld: boolean;
}

/** What one client knows. */
class Looks {
  readonly byNamespace = new Map<string, Look>();
  readonly refusals = new Map<string, number>();
  #server: string | undefined;

  constructor(client: NacosClient) {
    this.#server = serverOf(client.state);
    client.onStateChange((state) => this.#changed(serverOf(state)));
  }

  #changed(server: string | undefined): void {
    const former = this.#server;
    this.#server = server;
    // What was asked while there was none is answered by the next one.
    if (former === undefined || server === former) return;
    for (const look of this.byNamespace.values()) look.isOld = true;
  }
}

export class NacosPlaces {
  readonly #bases: RecordedBases;
  readonly #looks = new WeakMap<NacosClient, Looks>();

  constructor(bases: RecordedBases) {
    this.#bases = bases;
  }

  /**
   * Where the connection leads. While it is away, where it led last.
   *
   * @throws BridgeError CONNECTION_NOT_READY when that was never known, and cannot be asked.
   */
  async at(connection: ConnectionHandle, namespaceId: string): Promise<PlaceNow> {
    const { client } = connection;
    const { byNamespace } = this.#looksOf(client);
    const known = byNamespace.get(namespaceId);
    if (known?.answer && !(known.isOld && client.state.kind === 'connected')) return known.answer;
    const look: Look = { isOld: false };
    byNamespace.set(namespaceId, look);
    look.answer = this.#ask(connection, namespaceId, look).catch((error: unknown) => {
      // What was known before is not forgotten for a failure.
      if (byNamespace.get(namespaceId) === look) restore(byNamespace, namespaceId, known);
      throw reasonOf(connection, error);
    });
    return look.answer;
  }

  /** Whether the connection was there all the time since `at` told this. */
  async isCurrent(connection: ConnectionHandle, place: PlaceNow): Promise<boolean> {
    const look = this.#looksOf(connection.client).byNamespace.get(place.namespaceId);
    return look !== undefined && !look.isOld && (await look.answer) === place;
  }

  async #ask({ client, servers }: ConnectionHandle, namespaceId: string, look: Look): Promise<PlaceNow> {
    const at = { namespaceId, servers: serversOf(servers) };
    const failure = errorOf(client.state);
    if (failure) throw failure;
    const read = await readPlaceId(client, namespaceId);
    const where = { ...at, publicTenant: client.publicTenant };
    const found = read.kind === 'absent' ? await this.#make(client, where, look) : read;
    const unbound = unboundBases(this.#bases, where);
    const hasUnbound = unbound.length > 0 && (await areHeld(client, unbound));
    return { ...at, id: found.kind === 'known' ? found.id : undefined, hasUnbound };
  }

  async #make(client: NacosClient, at: Where, look: Look): Promise<PlaceId> {
    const { refusals } = this.#looksOf(client);
    const refused = refusals.get(at.namespaceId) ?? 0;
    if (refused >= CREATIONS) return { kind: 'unknown' };
    const id = (await this.#formerId(client, at)) ?? randomUUID();
    // What it held may be of another one than it goes to.
    if (look.isOld) throw new BridgeError('NACOS_CAS_FAILED', 'The connection was away meanwhile; it is asked again');
    try {
      return await makePlaceId(client, at.namespaceId, id);
    } catch (error) {
      if (isBridgeError(error, 'NACOS_CAS_FAILED')) refusals.set(at.namespaceId, refused + 1);
      throw error;
    }
  }

  async #formerId(client: NacosClient, at: Where): Promise<string | undefined> {
    const [id, bases = []] = formerId(this.#bases, at) ?? [];
    return (await areHeld(client, bases)) ? id : undefined;
  }

  #looksOf(client: NacosClient): Looks {
    const looks = this.#looks.get(client) ?? new Looks(client);
    this.#looks.set(client, looks);
    return looks;
  }
}

/** Where a connection leads, for who only looks: nothing is made, and bases without a place count. */
export async function seenPlace({ client, servers }: ConnectionHandle, namespaceId: string): Promise<PlaceNow> {
  const read = await readPlaceId(client, namespaceId);
  const id = read.kind === 'known' ? read.id : undefined;
  return { id, namespaceId, servers: serversOf(servers), hasUnbound: true };
}

/** A lost race stays one. */
function reasonOf(connection: ConnectionHandle, error: unknown): unknown {
  if (!isBridgeError(error) || isLostRace(error)) return error;
  return notReady(connection, errorOf(connection.client.state) ?? error);
}

function restore(looks: Map<string, Look>, namespaceId: string, known: Look | undefined): void {
  if (known) looks.set(namespaceId, known);
  else looks.delete(namespaceId);
}

/** Undefined while there is none. */
function serverOf(state: ClientState): string | undefined {
  return state.kind === 'connected' ? hostAndPort(state.server) : undefined;
}
