/**
 * Where Kubernetes declares the content of a dataId: in the resource itself, in a key of a ConfigMap, or of a Secret.
 *
 * Guarantees: `read` asks the API server, except for what the resource holds itself; `write` changes this one content
 * and nothing else, and only while it is still what `read` gave.
 */
import { BridgeError } from '../../errors.ts';
import { ownValue } from '../../kube/own-value.ts';
import { md5Of } from '../../nacos/index.ts';
import { utf8Of, type ConfigMap, type Secret } from '../mirror/data-object.ts';
import { unknownAuthor, type FieldAuthor } from './field-author.ts';

export interface ContentPlace {
  /** For messages, such as "key 'app.yaml' of ConfigMap 'shop'". */
  readonly title: string;
  /** Whether the content must not be shown to anybody. */
  readonly isSecret: boolean;
  /** Whose time it takes to judge the content. */
  readonly namespace: string;
  /** @throws BridgeError INVALID_CONTENT for what is not text. */
  read(): Promise<DeclaredContent>;
  /**
   * Puts `content` in the place of what was read; creates what is missing.
   *
   * @throws BridgeError KUBE_CONFLICT when it was changed since; INVALID_CONTENT when it does not fit there.
   */
  write(content: string, read: DeclaredContent): Promise<void>;
}

export type DeclaredContent = PresentContent | AbsentContent;

interface PresentContent {
  readonly kind: 'present';
  /** From memory, or from where it is. @throws BridgeError KUBE_CONFLICT when it is another by now. */
  readonly content: () => Promise<string>;
  readonly md5: string;
  /** Of the object; the precondition of `write`. Undefined for what the resource holds itself. */
  readonly resourceVersion: string | undefined;
  /** Who wrote it last; asked for only when it matters. */
  readonly author: () => Promise<FieldAuthor>;
}

interface AbsentContent {
  readonly kind: 'absent';
  /** What is missing, for people. */
  readonly message: string;
  readonly md5?: undefined;
  /** Of the object, when it exists and the key does not. */
  readonly resourceVersion: string | undefined;
}

export function present(
  content: string,
  resourceVersion?: string,
  author: () => Promise<FieldAuthor> = async () => unknownAuthor,
): PresentContent {
  return { kind: 'present', content: async () => content, md5: md5Of(content), resourceVersion, author };
}

/** One of which only the md5 is known, until somebody needs more. */
export function presentUnread(
  md5: string,
  content: () => Promise<string>,
  author: () => Promise<FieldAuthor>,
): PresentContent {
  return { kind: 'present', content, md5, resourceVersion: undefined, author };
}

export function absent(message: string, resourceVersion?: string): AbsentContent {
  return { kind: 'absent', message, resourceVersion };
}

/**
 * The text of a key of a ConfigMap; undefined when there is no such key. Tools that cannot tell text from bytes put texts
 * into `binaryData`.
 *
 * @throws BridgeError INVALID_CONTENT for what is no text; `title` is the key for the message, which tells nothing of the
 *   content.
 */
export function textOfConfigMap({ data, binaryData }: ConfigMap, key: string, title: string): string | undefined {
  const base64 = ownValue(binaryData, key);
  const text = ownValue(data, key) ?? (base64 === undefined ? undefined : utf8Of(base64));
  if (text !== undefined || base64 === undefined) return text;
  throw new BridgeError('INVALID_CONTENT', `The content must be UTF-8 text, and ${title} is binary`);
}

/** The same of a Secret; with `Base64` the content is the key's bytes in Base64. */
export function textOfSecret(
  { data }: Secret,
  { key, encoding }: { key: string; encoding: 'Text' | 'Base64' },
  title: string,
): string | undefined {
  const base64 = ownValue(data, key);
  if (base64 === undefined || encoding === 'Base64') return base64;
  const text = utf8Of(base64);
  if (text !== undefined) return text;
  throw new BridgeError('INVALID_CONTENT', `The content must be UTF-8 text, and ${title} is not`);
}
