/**
 * Telling old reads from news after a write of our own.
 *
 * A server stores a write in its database, answers, and only then refreshes the cache that reads come from. A read that
 * follows a write by some 50 ms (seconds, under load) may therefore show what was before, and a reader that takes it for
 * somebody else's change undoes its own work. So each write leaves a note here, and reads are held against it:
 *
 *   the read shows                                            it is
 *   ------------------------------------------------------    ---------------------------------------------------
 *   what we wrote                                             believed
 *   a modification time after the floor, not one of `before`  believed: somebody wrote after us
 *   a version of `before`, and the write was never seen yet   stale
 *   anything else                                             stale: nothing proves that it is newer
 *
 * The floor is the newest modification time that is known to lie before our write (that of the version which
 * compare-and-swap replaced), or the write's own once it was seen. Times are compared as later only: MySQL keeps seconds.
 * "Stale" means not to be believed without better evidence, such as a read of the database.
 */
import type { Clock } from '../../clock.ts';
import { type ConfigKey, keyText } from './config-key.ts';
import { absentMd5 } from './config-snapshot.ts';

/** What a read showed; md5 '' and no time when the config was absent. */
export interface ReadVersion {
  readonly md5: string;
  readonly lastModifiedMs?: number;
}

export interface OwnWrite {
  /** md5 '' stands for a removal. */
  readonly md5: string;
  /** md5s that reads may still show although our write came after them. */
  readonly before: readonly string[];
  readonly floorMs?: number;
  /** A read has shown the write. */
  readonly wasSeen: boolean;
  /** Monotonic. */
  readonly writtenAtMs: number;
}

export function isStale(read: ReadVersion, write: OwnWrite): boolean {
  if (read.md5 === write.md5) return false;
  if (!write.wasSeen && write.before.includes(read.md5)) return true;
  const isProvenNewer =
    read.lastModifiedMs !== undefined && write.floorMs !== undefined && read.lastModifiedMs > write.floorMs;
  return !isProvenNewer;
}

/** `write` as it is known after a read that showed its md5. */
export function afterRead(read: ReadVersion, write: OwnWrite): OwnWrite {
  const mayBeEarlier = write.before.includes(read.md5);
  const isLater =
    read.lastModifiedMs !== undefined && write.floorMs !== undefined && read.lastModifiedMs > write.floorMs;
  // Content that was written, replaced and written again has one md5: only a later time proves which of the two it is.
  if (read.md5 !== write.md5 || write.wasSeen || (mayBeEarlier && !isLater)) return write;
  return { ...write, wasSeen: true, floorMs: read.lastModifiedMs ?? write.floorMs };
}

/** What was there before a write, as far as we know. */
export interface ReplacedVersion extends ReadVersion {
  /** Compare-and-swap proved it: nothing came between this version and the write. */
  readonly isProven: boolean;
}

/** No server was seen to lag this long; then the note has no use. */
const keptForMs = 5 * 60_000;

export class OwnWrites {
  readonly #clock: Clock;
  /** In order of writing. */
  readonly #writes = new Map<string, OwnWrite>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(key: ConfigKey): OwnWrite | undefined {
    return this.#writes.get(keyText(key));
  }

  /** @param md5 of what was written, '' for a removal. */
  record(key: ConfigKey, md5: string, replaced: ReplacedVersion | undefined): void {
    const id = keyText(key);
    const earlier = this.#writes.get(id);
    const before = [...(earlier?.before ?? []), ...(earlier ? [earlier.md5] : []), ...(replaced ? [replaced.md5] : [])];
    this.#prune();
    this.#writes.delete(id);
    this.#writes.set(id, {
      md5,
      before: [...new Set(before)].slice(-8),
      floorMs: replaced?.isProven ? floorBelow(replaced, earlier) : undefined,
      wasSeen: false,
      writtenAtMs: this.#clock.monotonic(),
    });
  }

  /** Takes note of what a read showed. */
  seen(key: ConfigKey, read: ReadVersion): void {
    const write = this.get(key);
    if (write) this.#writes.set(keyText(key), afterRead(read, write));
  }

  /** Better evidence has overruled the note. */
  forget(key: ConfigKey): void {
    this.#writes.delete(keyText(key));
  }

  #prune(): void {
    const oldestMs = this.#clock.monotonic() - keptForMs;
    for (const [id, write] of this.#writes) {
      if (write.writtenAtMs >= oldestMs) return;
      this.#writes.delete(id);
    }
  }
}

/** The time of a version that we wrote ourselves is not known until a read shows it, but it is after the floor. */
function floorBelow(replaced: ReplacedVersion, earlier: OwnWrite | undefined): number | undefined {
  return replaced.md5 === earlier?.md5 ? earlier.floorMs : replaced.lastModifiedMs;
}

export function versionOf(snapshot: ReadVersion | undefined): ReadVersion {
  return snapshot ? { md5: snapshot.md5, lastModifiedMs: snapshot.lastModifiedMs } : { md5: absentMd5 };
}
