/**
 * Which records are held by a client that their connection had before, by connection. Asked at each step of each record while
 * a connection changes, so nothing here looks at all records.
 */
import type { Clock } from '../clock.ts';
import type { ConnectionKey } from '../connections/connection-key.ts';
import { Listeners } from '../runtime/listeners.ts';
import { formers, type SentRecord } from './sent-records.ts';

/** A change of settings that works is over sooner, and not worth a word. */
const TOLD_AFTER_MS = 8000;

interface Former {
  readonly connection: ConnectionKey;
  /** Whether it has lasted long enough to be counted. */
  isTold: boolean;
}

export class FormerRecords {
  readonly #clock: Clock;
  /** A record has one former client at most. */
  readonly #formers = new Map<SentRecord, Former>();
  readonly #over = new Map<ConnectionKey, Set<SentRecord>>();
  readonly #counts = new Map<ConnectionKey, number>();
  readonly #changed = new Listeners<[connection: ConnectionKey]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Told a connection of which `count` has changed. */
  onChange(listener: (connection: ConnectionKey) => void): void {
    this.#changed.add(listener);
  }

  over(connection: ConnectionKey): readonly SentRecord[] {
    return [...(this.#over.get(connection) ?? [])];
  }

  /** How many of the connection there have been for a while. */
  count(connection: ConnectionKey): number {
    return this.#counts.get(connection) ?? 0;
  }

  get total(): number {
    return this.#formers.size;
  }

  /** To be called whenever a record was sent somewhere or has left somewhere. */
  follow(sent: SentRecord): void {
    const { connection } = sent.record.address;
    const isHeld = formers([sent]).length > 0;
    const known = this.#formers.get(sent);
    if (isHeld && known?.connection === connection) return;
    if (known) this.#forget(sent, known);
    if (isHeld) this.#add(sent, { connection, isTold: false });
  }

  #add(sent: SentRecord, former: Former): void {
    const { connection } = former;
    this.#formers.set(sent, former);
    this.#over.set(connection, (this.#over.get(connection) ?? new Set()).add(sent));
    this.#clock.after(TOLD_AFTER_MS, () => {
      if (this.#formers.get(sent) !== former) return;
      former.isTold = true;
      this.#tell(connection, 1);
    });
  }

  #forget(sent: SentRecord, { connection, isTold }: Former): void {
    this.#formers.delete(sent);
    this.#over.get(connection)?.delete(sent);
    if (isTold) this.#tell(connection, -1);
  }

  #tell(connection: ConnectionKey, change: number): void {
    this.#counts.set(connection, this.count(connection) + change);
    this.#changed.call(connection);
  }
}
