/**
 * Hosts in Nacos that carry our cluster id and that nothing asks for: what a publisher that is gone, cut off or older
 * has left behind.
 *
 * Each record that we publish is subscribed to. A host that we have just withdrawn stands in the view until the next
 * push, so only what stays for a while counts.
 */
import type { Clock } from '../clock.ts';
import type { Host, ServiceInfo } from '../nacos/index.ts';
import { METADATA_KEYS } from '../api/names.ts';
import { Listeners } from '../runtime/listeners.ts';
import type { PublishedRecord } from './publications.ts';

/** Longer than a push takes, between the nodes of a cluster too. */
export const GHOST_AFTER_MS = 5000;

interface Watched {
  record: PublishedRecord;
  readonly stop: () => void;
  info: ServiceInfo | undefined;
  /** When each unwanted host was first seen, on the monotonic clock. */
  readonly sinceMs: Map<string, number>;
}

export class GhostWatch {
  readonly #clusterId: () => string;
  readonly #clock: Clock;
  readonly #changed = new Listeners<[exportId: string]>();
  readonly #watched = new Map<string, Map<string, Watched>>();

  constructor(clusterId: () => string, clock: Clock) {
    this.#clusterId = clusterId;
    this.#clock = clock;
  }

  /** Told the export whose records have unwanted hosts in a view, or have them no more. Returns how to stop listening. */
  onChange(listener: (exportId: string) => void): () => void {
    return this.#changed.add(listener);
  }

  /** From now on these are the records of the export, by the text of their address. */
  follow(exportId: string, records: ReadonlyMap<string, PublishedRecord>): void {
    const before = this.#watched.get(exportId) ?? new Map<string, Watched>();
    const after = new Map<string, Watched>();
    for (const [name, record] of records) {
      const known = before.get(name);
      const isSame = known !== undefined && known.record.address.client === record.address.client;
      const watched = isSame ? known : this.#begin(exportId, name, record);
      after.set(name, watched);
      if (isSame) before.delete(name);
      // What has not changed was judged already: a burst must not cost each time all that there is.
      if (watched.record === record) continue;
      watched.record = record;
      this.#judge(watched);
    }
    for (const { stop } of before.values()) stop();
    if (after.size === 0) this.#watched.delete(exportId);
    else this.#watched.set(exportId, after);
  }

  /** How many ghosts the records of an export have now. */
  count(exportId: string): number {
    const oldestMs = this.#clock.monotonic() - GHOST_AFTER_MS;
    const watched = [...(this.#watched.get(exportId)?.values() ?? [])];
    return watched.flatMap(({ sinceMs }) => [...sinceMs.values()]).filter((ms) => ms <= oldestMs).length;
  }

  /** Hosts that will count as ghosts if they stay, those that do already included. */
  suspects(exportId: string): number {
    const watched = [...(this.#watched.get(exportId)?.values() ?? [])];
    return watched.reduce((sum, { sinceMs }) => sum + sinceMs.size, 0);
  }

  /** Ghosts of all exports. */
  total(): number {
    return [...this.#watched.keys()].reduce((sum, exportId) => sum + this.count(exportId), 0);
  }

  /** Follows nothing any more; may be used again. */
  stop(): void {
    for (const exportId of this.#watched.keys()) this.follow(exportId, new Map());
  }

  #begin(exportId: string, name: string, record: PublishedRecord): Watched {
    const { client, service } = record.address;
    const subscription = client.naming.subscribe(service, (info) => {
      const watched = this.#watched.get(exportId)?.get(name);
      if (watched === undefined) return;
      watched.info = info;
      const before = watched.sinceMs.size;
      this.#judge(watched);
      if (watched.sinceMs.size > 0 || before > 0) this.#changed.call(exportId);
    });
    return { record, stop: () => subscription.stop(), info: undefined, sinceMs: new Map() };
  }

  #judge({ info, record, sinceMs }: Watched): void {
    const unwanted = unwantedHosts(info?.hosts ?? [], record, this.#clusterId());
    for (const host of sinceMs.keys()) if (!unwanted.has(host)) sinceMs.delete(host);
    for (const host of unwanted) if (!sinceMs.has(host)) sinceMs.set(host, this.#clock.monotonic());
  }
}

/** Hosts of our cluster that are not among the instances of the record; one that stands there twice counts once. */
export function unwantedHosts(hosts: readonly Host[], { instances }: PublishedRecord, clusterId: string): Set<string> {
  const wanted = new Set(instances.map(hostText));
  const ours = hosts.filter(({ metadata }) => metadata[METADATA_KEYS.cluster] === clusterId).map(hostText);
  const twice = ours.filter((host, index) => ours.indexOf(host) !== index).map((host) => `${host} twice`);
  return new Set([...ours.filter((host) => !wanted.has(host)), ...twice]);
}

function hostText({ ip, port, clusterName }: { ip: string; port: number; clusterName: string }): string {
  return `${ip} ${port} ${clusterName}`;
}
