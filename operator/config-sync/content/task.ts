/**
 * What is to be found out about a content by parsing it, and what was found: values that can be sent to a thread and back.
 */
import type { ErrorCode } from '../../errors.ts';
import type { ConfigFormat } from '../formats/format.ts';
import type { MirrorKind } from '../mirror/mirror-target.ts';

export type ContentTask = CheckTask | EntriesTask;

interface CheckTask {
  readonly kind: 'check';
  readonly content: string;
  readonly format: ConfigFormat;
  /** The text of the JSON Schema that the content must satisfy. */
  readonly schema: string | undefined;
}

/** To be taken apart for `envFrom`. */
interface EntriesTask {
  readonly kind: 'entries';
  readonly content: string;
  readonly format: ConfigFormat;
  readonly target: MirrorKind;
}

export type Finding =
  | { readonly kind: 'valid' }
  | { readonly kind: 'entries'; readonly entries: readonly (readonly [key: string, text: string])[] }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string };
