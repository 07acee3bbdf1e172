/**
 * What Nacos shows of the services that we publish, followed by a subscription for each record: hosts that should not be
 * there, that stand there twice, or that somebody has changed (host-findings.ts).
 *
 * A host that we have just withdrawn or changed stands in the view until the next push, so only what stays for a while
 * counts.
 */
import type { Clock } from '../clock.ts';
import type { Host, ServiceInfo, ServiceKey } from '../nacos/index.ts';
import { Listeners } from '../runtime/listeners.ts';
import { findingsOf, type HostFinding, type OtherPublisher } from './host-findings.ts';
import type { PublishedRecord } from './publications.ts';

/** Longer than a push takes, between the nodes of a cluster too. */
export const TOLD_AFTER_MS = 5000;

interface ShownHostsOptions {
  clusterId: () => string;
  clock: Clock;
  /** Which other export of this cluster publishes a host of the service. */
  publisherOf: (service: ServiceKey, host: Host) => OtherPublisher | undefined;
}

/** A record, and the Service that it is of, `namespace/name`. */
export interface Followed {
  readonly record: PublishedRecord;
  readonly service: string;
}

interface Watched {
  followed: Followed;
  /** The state of the record when it was last judged. */
  state: PublishedRecord['state'] | undefined;
  readonly stop: () => void;
  info: ServiceInfo | undefined;
  /** By what tells it apart, with when it was first seen, on the monotonic clock. */
  findings: ReadonlyMap<string, { readonly finding: HostFinding; readonly sinceMs: number }>;
}

export interface ShownFinding {
  /** Of Kubernetes, `namespace/name`. */
  readonly service: string;
  readonly finding: HostFinding;
}

export class ShownHosts {
  readonly #options: ShownHostsOptions;
  readonly #changed = new Listeners<[exportId: string]>();
  readonly #watched = new Map<string, Map<string, Watched>>();

  constructor(options: ShownHostsOptions) {
    this.#options = options;
  }

  /** Told the export of whose records there is something to find, or no more. Returns how to stop listening. */
  onChange(listener: (exportId: string) => void): () => void {
    return this.#changed.add(listener);
  }

  /** From now on these are the records of the export, by the text of their address. */
  follow(exportId: string, records: ReadonlyMap<string, Followed>): void {
    const before = this.#watched.get(exportId) ?? new Map<string, Watched>();
    const after = new Map<string, Watched>();
    for (const [name, followed] of records) {
      const known = before.get(name);
      // Whatever is to be sent comes before what is only looked at.
      if (!known && followed.record.state === 'pending') continue;
      const watched = known ?? this.#begin(exportId, name, followed);
      after.set(name, watched);
      before.delete(name);
      // What has not changed was judged already: a burst must not cost each time all that there is.
      if (watched.followed.record === followed.record && watched.state === followed.record.state) continue;
      watched.followed = followed;
      this.#judge(watched);
    }
    for (const { stop } of before.values()) stop();
    if (after.size === 0) this.#watched.delete(exportId);
    else this.#watched.set(exportId, after);
  }

  /** What has stayed long enough to count. */
  findings(exportId: string): ShownFinding[] {
    const oldestMs = this.#options.clock.monotonic() - TOLD_AFTER_MS;
    return [...(this.#watched.get(exportId)?.values() ?? [])].flatMap(({ findings, followed: { record, service } }) => {
      const stayed = [...findings.values()].filter(({ sinceMs }) => sinceMs <= oldestMs);
      const told = stayed.map(({ finding }) => ({ service, finding }));
      // After a reconnect what we sent is not there before it is sent again.
      const isSettled = stayed.length === 0 || record.address.client.naming.isSettled;
      return isSettled ? told : told.filter(({ finding }) => !isHidden(finding));
    });
  }

  /** Findings that will count if they stay, those that do already included. */
  suspects(exportId: string): number {
    return [...(this.#watched.get(exportId)?.values() ?? [])].reduce((sum, { findings }) => sum + findings.size, 0);
  }

  /** Of all exports. */
  total(kind: HostFinding['kind']): number {
    const all = [...this.#watched.keys()].flatMap((exportId) => this.findings(exportId));
    return all.filter(({ finding }) => finding.kind === kind).length;
  }

  /** Follows nothing any more; may be used again. */
  stop(): void {
    for (const exportId of this.#watched.keys()) this.follow(exportId, new Map());
  }

  #begin(exportId: string, name: string, followed: Followed): Watched {
    const { client, service } = followed.record.address;
    const subscription = client.naming.subscribe(service, (info) => {
      const watched = this.#watched.get(exportId)?.get(name);
      if (watched === undefined) return;
      watched.info = info;
      const before = watched.findings.size;
      this.#judge(watched);
      if (watched.findings.size > 0 || before > 0) this.#changed.call(exportId);
    });
    return { followed, state: undefined, stop: () => subscription.stop(), info: undefined, findings: new Map() };
  }

  #judge(watched: Watched): void {
    const { findings: before, followed, info } = watched;
    const { address, instances, state } = followed.record;
    const { clock, clusterId, publisherOf } = this.#options;
    watched.state = state;
    if (info === undefined) return;
    const found = findingsOf({
      hosts: info.hosts,
      instances,
      clusterId: clusterId(),
      isConfirmed: state === 'confirmed',
      publisherOf: (host) => publisherOf(address.service, host),
    });
    const nowMs = clock.monotonic();
    const texts = found.map((finding) => [JSON.stringify(finding), finding] as const);
    watched.findings = new Map(
      texts.map(([text, finding]) => [text, { finding, sinceMs: before.get(text)?.sinceMs ?? nowMs }]),
    );
  }
}

function isHidden(finding: HostFinding): boolean {
  return finding.kind === 'override' && finding.field === 'enabled' && finding.shown === 'false';
}
