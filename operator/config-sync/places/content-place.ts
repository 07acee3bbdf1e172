/**
 * Where Kubernetes declares the content of a dataId: in the resource itself, in a key of a ConfigMap, or of a Secret.
 *
 * Guarantees: `read` asks the API server, except for what the resource holds itself; `write` changes this one content
 * and nothing else, and only while it is still what `read` gave.
 */
import type { FieldAuthor } from './field-author.ts';

export type PlacedContent =
  | {
      readonly kind: 'present';
      readonly content: string;
      /** Of the object; the precondition of `write`. Undefined for what the resource holds itself. */
      readonly resourceVersion: string | undefined;
      /** Who wrote it last; asked for only when it matters. */
      readonly author: () => Promise<FieldAuthor>;
    }
  | {
      readonly kind: 'absent';
      /** What is missing, for people. */
      readonly message: string;
      /** Of the object, when it exists and the key does not. */
      readonly resourceVersion: string | undefined;
    };

export interface ContentPlace {
  /** For messages, such as "key 'app.yaml' of ConfigMap 'shop'". */
  readonly title: string;
  /** Whether the content must not be shown to anybody. */
  readonly isSecret: boolean;
  /** @throws BridgeError INVALID_CONTENT for what is not text. */
  read(): Promise<PlacedContent>;
  /**
   * Puts `content` in the place of what was read; creates what is missing.
   *
   * @throws BridgeError KUBE_CONFLICT when it was changed since; INVALID_CONTENT when it does not fit there.
   */
  write(content: string, read: PlacedContent): Promise<void>;
}
