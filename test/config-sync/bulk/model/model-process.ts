/** A process of the model: it may lead, be deposed, hear nothing, do nothing, or end at any of its requests. */
import { ItemClaims } from '../../../../operator/config-sync/bulk/items/item-claims.ts';
import type { OutboundSync } from '../../../../operator/config-sync/bulk/items/outbound.ts';
import type { ApiUser } from './model-api.ts';
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
