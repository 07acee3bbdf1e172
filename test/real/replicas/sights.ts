/**
 * What was seen of services over a time, and what was wrong with it. Pure: sights in, findings out.
 *
 *   removal  a host that is live all the time is missing
 *   twin     a host is listed twice: publishers that differ
 *   ghost    a host is listed after it was gone
 */
export interface Sight {
  /** Told by the server to a subscriber, or answered to a query. */
  readonly by: 'push' | 'query';
  /** Which node of Nacos told it. */
  readonly node: number;
  readonly service: string;
  /** Monotonic milliseconds. */
  readonly atMs: number;
  /** `IP:PORT`, sorted; as often as they were listed. */
  readonly hosts: readonly string[];
}

export interface Finding {
  readonly by: Sight['by'];
  readonly node: number;
  readonly service: string;
  readonly host: string;
  readonly fromMs: number;
  /** Until the first sight that was right again; Infinity when there was none. */
  readonly forMs: number;
}

/** By service, `IP:PORT`. */
export type Hosts = ReadonlyMap<string, readonly string[]>;

/** `live` are those that were live before the first of the sights until after the last. */
export function removals(sights: readonly Sight[], live: Hosts): Finding[] {
  return periods(sights, ({ service, hosts }) => (live.get(service) ?? []).filter((host) => !hosts.includes(host)));
}

/** Of pushes and of answers. */
export function twins(sights: readonly Sight[]): Finding[] {
  return periods(sights, ({ hosts }) => [...new Set(hosts.filter((host, index) => hosts[index - 1] === host))]);
}

/** `gone` are hosts that were gone for good before the first of the sights. */
export function ghosts(sights: readonly Sight[], gone: Hosts): Finding[] {
  return periods(sights, ({ service, hosts }) => (gone.get(service) ?? []).filter((host) => hosts.includes(host)));
}

/** The longest of them, in milliseconds; 0 without any. */
export function longestMs(findings: readonly Finding[]): number {
  return findings.reduce((longest, { forMs }) => Math.max(longest, forMs), 0);
}

/** For people: one line each, at most ten. */
export function describeFindings(findings: readonly Finding[], zeroMs = 0): string {
  const lines = findings.map(({ by, node, service, host, fromMs, forMs }) => {
    return `${by} of node ${node}: ${service} ${host} from ${Math.round(fromMs - zeroMs)} ms for ${Math.round(forMs)} ms`;
  });
  const more = lines.length > 10 ? [`and ${lines.length - 10} more`] : [];
  return [...lines.slice(0, 10), ...more].join('\n');
}

/** For how long each host was at fault, in the eyes of one observer of one service each. */
function periods(sights: readonly Sight[], faulty: (sight: Sight) => readonly string[]): Finding[] {
  const found: Finding[] = [];
  for (const line of linesOf(sights)) {
    const sinceMs = new Map<string, number>();
    for (const sight of line) {
      const now = faulty(sight);
      for (const [host, fromMs] of sinceMs) {
        if (now.includes(host)) continue;
        found.push(findingOf(sight, host, fromMs, sight.atMs - fromMs));
        sinceMs.delete(host);
      }
      for (const host of now) if (!sinceMs.has(host)) sinceMs.set(host, sight.atMs);
    }
    const last = line.at(-1);
    if (last) for (const [host, fromMs] of sinceMs) found.push(findingOf(last, host, fromMs, Infinity));
  }
  return found.toSorted((a, b) => a.fromMs - b.fromMs);
}

function findingOf({ by, node, service }: Sight, host: string, fromMs: number, forMs: number): Finding {
  return { by, node, service, host, fromMs, forMs };
}

/** Sights of the same observer and service, in order. */
function linesOf(sights: readonly Sight[]): Sight[][] {
  const lines = Map.groupBy(sights, ({ by, node, service }) => `${by} ${node} ${service}`);
  return [...lines.values()].map((line) => line.toSorted((a, b) => a.atMs - b.atMs));
}
