/**
 * What the server is told of all watched keys over one connection, namespace by namespace (namespace-telling.ts).
 *
 * The server checks the right to read once for each batch, by the namespace of its first key (Nacos 2.0 to 3.1). So each
 * namespace has batches and pauses of its own, and one that may not be read holds up no other.
 */
import { NamespaceTelling, type TellingOptions } from './namespace-telling.ts';
import type { WatchedConfig } from './watched-config.ts';

export class ConfigTelling {
  readonly #options: TellingOptions;
  /** As many as were ever watched over the connection. */
  readonly #namespaces = new Map<string, NamespaceTelling>();

  constructor(options: TellingOptions) {
    this.#options = options;
  }

  /** What is told of the namespace of this key. */
  of({ key: { namespaceId } }: WatchedConfig): NamespaceTelling {
    const telling = this.#namespaces.get(namespaceId) ?? new NamespaceTelling(this.#options);
    this.#namespaces.set(namespaceId, telling);
    return telling;
  }
}
