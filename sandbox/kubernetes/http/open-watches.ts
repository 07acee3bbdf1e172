/**
 * The watches that are open, so that all of them can be broken in one of the ways in which watches break, or be asked for a
 * bookmark.
 */
import type { ServerResponse } from 'node:http';

/**
 * reset: the connection is reset. silence: nothing more is sent. end: the answer ends in order. half-line: the answer ends
 * in the middle of a line.
 */
export type WatchBreak = 'reset' | 'silence' | 'end' | 'half-line';

interface OpenWatch {
  readonly response: ServerResponse;
  readonly abort: () => void;
}

const halfLine = '{"type":"MODIFIED","object":{"kind":';

export class OpenWatches {
  readonly #watches = new Set<OpenWatch>();
  readonly #bookmarkListeners = new Set<() => void>();

  get size(): number {
    return this.#watches.size;
  }

  /** `abort` stops what is being written. Returns what forgets the watch. */
  add(response: ServerResponse, abort: () => void): () => void {
    const watch = { response, abort };
    this.#watches.add(watch);
    return () => this.#watches.delete(watch);
  }

  onBookmarkRequest(listener: () => void): () => void {
    this.#bookmarkListeners.add(listener);
    return () => this.#bookmarkListeners.delete(listener);
  }

  /** Makes every watch that allows bookmarks send one. */
  sendBookmarks(): void {
    for (const listener of this.#bookmarkListeners) listener();
  }

  /** Returns how many were open. */
  break(how: WatchBreak, reset: (response: ServerResponse) => void): number {
    const broken = [...this.#watches];
    for (const { response, abort } of broken) {
      abort();
      if (how === 'reset') reset(response);
      if (how === 'end') response.end();
      if (how === 'half-line') response.end(halfLine);
    }
    this.#watches.clear();
    return broken.length;
  }
}
