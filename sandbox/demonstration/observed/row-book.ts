/**
 * The rows that are shown, each with its watch in Nacos and its history. Rows of what was deleted stay for a while, so that
 * it can be seen what became of them in Nacos.
 */
import type { Clock, Timer } from '../../../operator/clock.ts';
import type { ConnectionKey } from '../../../operator/connections/connection-key.ts';
import type { KubeObject } from '../../../operator/kube/resource.ts';
import type { NacosClient } from '../../../operator/nacos/index.ts';
import type { ChangeSignal } from './change-signal.ts';
import type { KubernetesView } from './kubernetes-view.ts';
import { nextRow, type Row, type RowFacts } from './row.ts';

/** What rows are made from. */
export interface RowContext {
  readonly view: KubernetesView;
  readonly nacos: NacosClient;
  readonly clusterId: string;
  /** For people. */
  readonly nameOf: (object: KubeObject) => string;
  /** The Nacos namespace of a connection; undefined when it is unknown or to another server. */
  readonly nacosNamespaceOf: (connection: ConnectionKey) => string | undefined;
}

/** What a row is made of; `Seen` is what Nacos tells of it. */
export interface RowSource<Seen> {
  /** Of the row. */
  readonly key: string;
  /** Where in Nacos it is; undefined where its connection is to another server. */
  readonly place: string | undefined;
  watch(changed: () => void): NacosWatch<Seen>;
  facts(seen: Seen | undefined, isGone: boolean): RowFacts;
}

interface NacosWatch<Seen> {
  readonly current: Seen | undefined;
  stop(): void;
}

interface Tracked {
  source: RowSource<unknown>;
  isGone: boolean;
  watch: NacosWatch<unknown> | undefined;
  row: Row | undefined;
  leaving: Timer | undefined;
}

const farewellMs = 30_000;

export class RowBook {
  readonly #clock: Clock;
  readonly #changes: ChangeSignal;
  readonly #onRow: (row: Row) => void;
  /** By the object that they are about, then by their key. */
  readonly #tracked = new Map<string, Map<string, Tracked>>();

  /** `changes` is notified of every new state of a row, and so is `onRow`. */
  constructor(clock: Clock, changes: ChangeSignal, onRow: (row: Row) => void) {
    this.#clock = clock;
    this.#changes = changes;
    this.#onRow = onRow;
  }

  /** In the order of the objects' names. */
  get rows(): Row[] {
    const rows = [...this.#tracked.values()].flatMap((each) => [...each.values()]).flatMap(({ row }) => row ?? []);
    return rows.toSorted((a, b) => compare(a.object, b.object) || compare(a.remote, b.remote));
  }

  /** The rows of one object as it is now; its others are gone. */
  update(object: string, sources: readonly RowSource<unknown>[]): void {
    const rows = this.#tracked.get(object) ?? new Map<string, Tracked>();
    this.#tracked.set(object, rows);
    for (const tracked of rows.values()) tracked.isGone = true;
    for (const source of sources) {
      const known = rows.get(source.key);
      const tracked = known ?? { source, isGone: false, watch: undefined, row: undefined, leaving: undefined };
      rows.set(source.key, tracked);
      if (!known || known.source.place !== source.place) {
        tracked.watch?.stop();
        tracked.watch = source.place === undefined ? undefined : source.watch(() => this.#show(rows, tracked));
      }
      tracked.source = source;
      tracked.isGone = false;
    }
    for (const tracked of rows.values()) this.#show(rows, tracked);
    if (rows.size === 0) this.#tracked.delete(object);
  }

  stop(): void {
    for (const { leaving, watch } of [...this.#tracked.values()].flatMap((rows) => [...rows.values()])) {
      leaving?.cancel();
      watch?.stop();
    }
  }

  #show(rows: Map<string, Tracked>, tracked: Tracked): void {
    const { source, isGone, row: previous, watch } = tracked;
    const row = nextRow(previous, source.facts(watch?.current, isGone), this.#clock.monotonic());
    if (row === previous) return;
    tracked.row = row;
    tracked.leaving?.cancel();
    tracked.leaving = undefined;
    if (isGone) {
      tracked.leaving = this.#clock.after(farewellMs, () => {
        watch?.stop();
        rows.delete(source.key);
        this.#changes.notify();
      });
    }
    this.#onRow(row);
    this.#changes.notify();
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
