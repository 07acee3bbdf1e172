/** A process of the model: it may lead, be deposed, hear nothing, do nothing, or end at any of its requests. */
import { ItemClaims } from '../../../../operator/config-sync/bulk/items/item-claims.ts';
import type { OutboundSync } from '../../../../operator/config-sync/bulk/items/outbound.ts';
import type { KubeObject } from '../../../../operator/kube/resource.ts';
import type { Store } from '../../../../operator/kube/store.ts';
import type { ApiUser, ModelApi } from './model-api.ts';
import { ModelClient, type ModelNacos } from './model-nacos.ts';

/** The connections that a sync may name; the first two lead to the same Nacos. */
export const connectionNames = ['main', 'renamed', 'elsewhere'] as const;
export type ConnectionName = (typeof connectionNames)[number];

export type Server = 'here' | 'elsewhere';

export function serverOf(connection: ConnectionName): Server {
  return connection === 'elsewhere' ? 'elsewhere' : 'here';
}

export class Process implements ApiUser {
  readonly term: number;
  readonly clients: Readonly<Record<Server, ModelClient>>;
  readonly claims = new ItemClaims({ list: () => [], whereOf: () => undefined });
  syncs: OutboundSync[] = [];
  /** Of the sync that is being deleted. */
  ending: (() => Promise<unknown>) | undefined;
  feeds: { hear: () => void; late?: () => void }[] = [];
  readonly looks = new Map<OutboundSync, Set<string>>();
  readonly busy = new Set<string>();
  isDead = false;
  isBlind = false;
  isFrozen = false;
  /** The shards that it has written last, of all. */
  readonly wrote = new Set<string>();
  steps = 0;
  endsAt = Infinity;

  constructor(term: number, nacosOf: (server: Server) => ModelNacos) {
    this.term = term;
    const clientOf = (server: Server) => new ModelClient(() => nacosOf(server), this);
    this.clients = { here: clientOf('here'), elsewhere: clientOf('elsewhere') };
  }

  async step(): Promise<void> {
    await Promise.resolve();
    this.steps += 1;
    if (this.steps >= this.endsAt) this.isDead = true;
    if (this.isDead) await new Promise(() => {});
  }
}

/** Each sync sees one of the two objects, as by a selector. */
export function objectsOf(api: ModelApi, process: Process, name: string) {
  return (_: unknown, store: Store<KubeObject>, { trim }: { trim: (object: KubeObject) => KubeObject }) => {
    const synced = Promise.withResolvers<void>();
    const reflector = { hasSynced: false, start: () => {}, synced: () => synced.promise, stop: async () => {} };
    const tell = (object: KubeObject): void => store.applyEvent('MODIFIED', trim(object));
    const hear = (): void => {
      if (process.isBlind && reflector.hasSynced) return;
      const object = api.get('ConfigMap', name);
      const known = store.get(`shop/${name}`)?.metadata.resourceVersion;
      if (object && object.metadata.resourceVersion !== known) tell(object);
      reflector.hasSynced = true;
      synced.resolve();
    };
    const late = (): void => {
      const object = api.versions('ConfigMap', name).at(-2);
      if (object) tell(object);
    };
    process.feeds.push({ hear, late });
    return reflector;
  };
}

/** The metadata of all shards, as a watch tells of them. */
export function feedShards(api: ModelApi, process: Process, outbound: OutboundSync): void {
  const known = new Map<string, { metadata: { name: string; uid?: string; resourceVersion?: string } }>();
  const hear = (): void => {
    if (process.isBlind) return;
    const now = new Map(api.list('NacosConfigInventory').map((one) => [one.metadata.name, one]));
    for (const [name, previous] of known) {
      if (now.get(name)?.metadata.uid === previous.metadata.uid) continue;
      known.delete(name);
      outbound.shardChanged({ key: name, previous, initial: false });
    }
    for (const [name, current] of now) {
      const previous = known.get(name);
      if (previous?.metadata.resourceVersion === current.metadata.resourceVersion) continue;
      known.set(name, current);
      outbound.shardChanged({ key: name, previous, current, initial: false });
    }
  };
  process.feeds.push({ hear });
}
