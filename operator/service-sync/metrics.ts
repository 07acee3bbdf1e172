/** What Prometheus sees of the exported services. No name of a service or address is a label. */
import { Gauge, Histogram, type Registry } from 'prom-client';
import type { Clock } from '../clock.ts';
import { ChangeLag, lagBucketsSeconds } from '../runtime/change-lag.ts';
import type { Publications } from './publications.ts';
import type { ShownHosts } from './shown-hosts.ts';

interface ServiceMetricsOptions {
  registry: Registry;
  prefix: string;
  clock: Clock;
  publications: Pick<Publications, 'problems' | 'records'>;
  shownHosts: Pick<ShownHosts, 'total'>;
  /** Asked for at each scrape. */
  formers: () => number;
}

const shownByKind = [
  ['ghosts', 'ghost', 'Hosts in Nacos with the id of this cluster that nothing asks for; known to the leader.'],
  ['twins', 'twin', 'Instances that an application has registered itself, too; known to the leader.'],
  ['overrides', 'override', 'Values of instances that somebody has changed in Nacos; known to the leader.'],
] as const;

/** Registers the metrics, and returns what measures from an event to its confirmation by Nacos. */
export function createServiceMetrics({
  registry,
  prefix,
  clock,
  publications,
  formers,
  shownHosts,
}: ServiceMetricsOptions): ChangeLag {
  const registers = [registry];
  const seconds = new Histogram({
    name: `${prefix}service_publish_lag_seconds`,
    help: 'From a change of a Service or its endpoints being seen to its records being confirmed by Nacos.',
    buckets: lagBucketsSeconds,
    registers,
  });
  new Gauge({
    name: `${prefix}instances`,
    help: 'Members of exported services by state, as this replica publishes them.',
    labelNames: ['state'],
    registers,
    collect() {
      const counts = { ready: 0, not_ready: 0, draining: 0, left_out: 0 };
      for (const { counts: own } of publications.records()) {
        counts.ready += own.ready;
        counts.draining += own.draining;
        counts.not_ready += own.total - own.ready - own.draining;
        counts.left_out += own.total - own.published;
      }
      for (const [state, count] of Object.entries(counts)) this.set({ state }, count);
    },
  });
  new Gauge({
    name: `${prefix}service_records`,
    help: 'Services in Nacos that this replica has a record of, by whether Nacos has confirmed it.',
    labelNames: ['state'],
    registers,
    collect() {
      const counts = { pending: 0, confirmed: 0, failed: 0 };
      for (const { state } of publications.records()) counts[typeof state === 'string' ? state : 'failed'] += 1;
      for (const [state, count] of Object.entries(counts)) this.set({ state }, count);
    },
  });
  new Gauge({
    name: `${prefix}service_problems`,
    help: 'What cannot be published as it was asked for, as this replica sees it.',
    registers,
    collect() {
      this.set(publications.problems());
    },
  });
  for (const [name, kind, help] of shownByKind) {
    new Gauge({
      name: `${prefix}${name}`,
      help,
      registers,
      collect() {
        this.set(shownHosts.total(kind));
      },
    });
  }
  new Gauge({
    name: `${prefix}former_records`,
    help: 'Services that are held with settings that their connection had before, since Nacos has not confirmed them with those of now.',
    registers,
    collect() {
      this.set(formers());
    },
  });
  return new ChangeLag(clock, (lagMs) => seconds.observe(lagMs / 1000));
}
