/**
 * The keys that wait for a worker, in lanes: keys that use the same remote server, say, and are slow together.
 *
 * Guarantees: lanes take turns, and no lane has more keys in process than its limit, so that what is slow in one delays no
 * other. Within a lane high priority goes first, in order of arrival; every 16th turn is for low priority, so that nothing
 * starves. A key stands in line once, in the lane that it had when it came.
 */
import { KeyLine } from './key-line.ts';

/** `high` for what somebody just changed; `low` for first lists and resyncs, which nobody waits for. */
export type Priority = 'high' | 'low';

export interface LaneOptions {
  readonly of: (key: string) => string;
  /** Keys of one lane that may be in process at once. */
  readonly limit: number;
}

export interface TakenKey {
  readonly key: string;
  readonly priority: Priority;
  readonly sinceMs: number;
  /** To be called when it is not in process any more. */
  readonly leave: () => void;
}

interface Lane {
  readonly name: string;
  readonly high: KeyLine;
  readonly low: KeyLine;
  running: number;
  turn: number;
}

const turnsPerLowTurn = 16;
const oneLane: LaneOptions = { of: () => '', limit: Infinity };

export class WaitingKeys {
  readonly #options: LaneOptions;
  /** Those with keys that wait or are in process, in the order of their turns. */
  readonly #lanes = new Map<string, Lane>();
  readonly #laneOf = new Map<string, Lane>();

  constructor(options: LaneOptions = oneLane) {
    this.#options = options;
  }

  get size(): number {
    return this.#laneOf.size;
  }

  has(key: string): boolean {
    return this.#laneOf.has(key);
  }

  /** Puts the key in line, or gives one that waits with low priority a high one. */
  add(key: string, priority: Priority, nowMs: number): void {
    const lane = this.#laneOf.get(key) ?? this.#lane(this.#options.of(key));
    if (lane.high.has(key) || (priority === 'low' && lane.low.has(key))) return;
    const sinceMs = lane.low.remove(key) ?? nowMs;
    lane[priority].push(key, sinceMs);
    this.#laneOf.set(key, lane);
  }

  /** The next key of the lane whose turn it is; undefined when none waits in a lane that may have another one in process. */
  take(): TakenKey | undefined {
    const lane = this.#next();
    if (lane === undefined) return undefined;
    lane.turn = (lane.turn + 1) % turnsPerLowTurn;
    const isLowTurn = lane.high.size === 0 || (lane.turn === 0 && lane.low.size > 0);
    const priority = isLowTurn ? 'low' : 'high';
    const { key, sinceMs } = lane[priority].shift()!;
    this.#laneOf.delete(key);
    lane.running += 1;
    this.#lanes.delete(lane.name);
    this.#lanes.set(lane.name, lane);
    return { key, priority, sinceMs, leave: () => this.#leave(lane) };
  }

  #next(): Lane | undefined {
    for (const lane of this.#lanes.values()) {
      if (lane.running < this.#options.limit && lane.high.size + lane.low.size > 0) return lane;
    }
    return undefined;
  }

  #leave(lane: Lane): void {
    lane.running -= 1;
    if (lane.running + lane.high.size + lane.low.size === 0) this.#lanes.delete(lane.name);
  }

  #lane(name: string): Lane {
    const lane = this.#lanes.get(name) ?? { name, high: new KeyLine(), low: new KeyLine(), running: 0, turn: 0 };
    this.#lanes.set(name, lane);
    return lane;
  }
}
