/**
 * One line of what the sandbox shows: an object, how it stands in Kubernetes and in Nacos, and how long the one side was
 * behind the other. Pure.
 *
 * Each side has a fingerprint of what ought to be equal (the md5 of a content, the addresses of the ready instances).
 * When they become equal, the lag is the time between the last changes of the two, whichever side was first.
 */

/** How one side stands. */
export interface SideFacts {
  /** For people, a few words. */
  readonly text: string;
  /** Undefined while nothing is known; '' for what is not there. */
  readonly fingerprint: string | undefined;
}

export interface RowFacts {
  /** Unique, stable. */
  readonly key: string;
  /** As `kubectl` takes it, such as `ncfg/orders.yaml`. */
  readonly object: string;
  /** `GROUP/NAME` in Nacos. */
  readonly remote: string;
  readonly kubernetes: SideFacts;
  readonly nacos: SideFacts;
  /** The object is no more; the line goes a while after its last change. */
  readonly isGone: boolean;
}

interface ObservedSide extends SideFacts {
  /** On the monotonic clock: when the fingerprint changed. */
  readonly changedAtMs: number;
}

export interface Row extends RowFacts {
  readonly kubernetes: ObservedSide;
  readonly nacos: ObservedSide;
  /** Of the last change that has arrived; undefined before there was one. */
  readonly lagMs: number | undefined;
}

/** `previous` itself when nothing is new. */
export function nextRow(previous: Row | undefined, facts: RowFacts, nowMs: number): Row {
  const kubernetes = nextSide(previous?.kubernetes, facts.kubernetes, nowMs);
  const nacos = nextSide(previous?.nacos, facts.nacos, nowMs);
  if (previous && kubernetes === previous.kubernetes && nacos === previous.nacos && facts.isGone === previous.isGone) {
    return previous;
  }
  const next = { ...facts, kubernetes, nacos, lagMs: previous?.lagMs };
  const hasMoved =
    kubernetes.changedAtMs !== previous?.kubernetes.changedAtMs || nacos.changedAtMs !== previous?.nacos.changedAtMs;
  if (!hasMoved || !isInStep(next) || facts.isGone) return next;
  return { ...next, lagMs: Math.abs(kubernetes.changedAtMs - nacos.changedAtMs) };
}

/** Both sides are known and hold the same. */
export function isInStep({ kubernetes, nacos }: Row): boolean {
  return kubernetes.fingerprint !== undefined && kubernetes.fingerprint === nacos.fingerprint;
}

export function changedAtMs({ kubernetes, nacos }: Row): number {
  return Math.max(kubernetes.changedAtMs, nacos.changedAtMs);
}

function nextSide(previous: ObservedSide | undefined, facts: SideFacts, nowMs: number): ObservedSide {
  if (!previous) return { ...facts, changedAtMs: nowMs };
  if (previous.fingerprint !== facts.fingerprint) return { ...facts, changedAtMs: nowMs };
  return previous.text === facts.text ? previous : { ...facts, changedAtMs: previous.changedAtMs };
}
