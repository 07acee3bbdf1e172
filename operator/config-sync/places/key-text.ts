/**
 * The text that one key of an object declares, by the same rules wherever the object comes from.
 *
 * Both return undefined when there is no such key, and throw BridgeError INVALID_CONTENT for what is no text; `title` is
 * the key for messages, which tell nothing of the content.
 */
import { BridgeError } from '../../errors.ts';
import { utf8Of, type ConfigMap, type Secret } from '../mirror/data-object.ts';

/** Tools that cannot tell text from bytes put texts into `binaryData`. */
export function textOfConfigMap({ data, binaryData }: ConfigMap, key: string, title: string): string | undefined {
  const base64 = binaryData?.[key];
  const text = data?.[key] ?? (base64 === undefined ? undefined : utf8Of(base64));
  if (text !== undefined || base64 === undefined) return text;
  throw new BridgeError('INVALID_CONTENT', `The content must be UTF-8 text, and ${title} is binary`);
}

/** With `Base64` the content is the key's bytes in Base64. */
export function textOfSecret(
  { data }: Secret,
  { key, encoding }: { key: string; encoding: 'Text' | 'Base64' },
  title: string,
): string | undefined {
  const base64 = data?.[key];
  if (base64 === undefined || encoding === 'Base64') return base64;
  const text = utf8Of(base64);
  if (text !== undefined) return text;
  throw new BridgeError('INVALID_CONTENT', `The content must be UTF-8 text, and ${title} is not`);
}
