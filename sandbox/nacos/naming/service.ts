/**
 * One service: what its publishers registered, and what is shown of it.
 *
 * Shown is the union of all publications, where equal hosts are one and unequal ones several; what an administrator has set
 * for an address is kept apart, and wins over whatever is published there, now and later. It is made anew only when
 * the service is pushed, so queries show what was last pushed, as they do on a real server, and a change costs as much as
 * the service has instances.
 */
import { createHost, isSameHost } from './host.ts';
import type { Host } from './host.ts';
import type { ServiceKey } from './service-key.ts';

export class Service {
  readonly key: ServiceKey;
  readonly ephemeral: boolean;
  readonly #publications = new Map<string, readonly Host[]>();
  /** By address and cluster. */
  readonly #overrides = new Map<string, Override>();
  #shown: readonly Host[] | undefined;
  #before: readonly Host[] = [];
  #isChanged = true;

  constructor(key: ServiceKey, ephemeral: boolean) {
    this.key = key;
    this.ephemeral = ephemeral;
  }

  /** By the id of the client. */
  get publications(): ReadonlyMap<string, readonly Host[]> {
    return this.#publications;
  }

  /** As last pushed; with `former` as it was before the last change. */
  hosts(former = false): readonly Host[] {
    const shown = this.#shown ?? this.refresh();
    return former && !this.#isChanged ? this.#before : shown;
  }

  /** Shows what there is now. */
  refresh(): readonly Host[] {
    if (this.#shown && !this.#isChanged) return this.#shown;
    this.#before = this.#shown ?? [];
    this.#shown = united(this.#publications.values()).map((host) => this.#overridden(host));
    this.#isChanged = false;
    return this.#shown;
  }

  /** Replaces what the client published before; nothing withdraws it. */
  put(clientId: string, hosts: readonly Host[] | undefined): void {
    if (hosts) this.#publications.set(clientId, hosts);
    else this.#publications.delete(clientId);
    this.#isChanged = true;
  }

  override(at: Pick<Host, 'ip' | 'port' | 'clusterName'>, values: Override): void {
    this.#overrides.set(placeOf(at), values);
    this.#isChanged = true;
  }

  #overridden(host: Host): Host {
    const values = this.#overrides.get(placeOf(host));
    if (values === undefined) return host;
    return createHost({ ...host, ...values, metadata: { ...host.metadata, ...values.metadata } });
  }
}

/** What an administrator sets; the metadata key by key. */
export type Override = Pick<Host, 'enabled' | 'weight' | 'metadata'>;

function placeOf({ clusterName, ip, port }: Pick<Host, 'ip' | 'port' | 'clusterName'>): string {
  return `${ip}:${port}:${clusterName}`;
}

/** Most addresses have one host; only where several have the same are they compared whole. */
function united(publications: Iterable<readonly Host[]>): Host[] {
  const byAddress = new Map<string, Host[]>();
  const hosts: Host[] = [];
  for (const publication of publications) {
    for (const host of publication) {
      const address = placeOf(host);
      const others = byAddress.get(address);
      if (others?.some((other) => isSameHost(host, other))) continue;
      if (others) others.push(host);
      else byAddress.set(address, [host]);
      hosts.push(host);
    }
  }
  return hosts;
}
