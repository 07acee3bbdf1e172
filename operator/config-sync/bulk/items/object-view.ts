/**
 * An object that holds items, as it is kept in memory: of each key the md5 of its content, and no content.
 *
 * Pure. A content passes by once, when the watch brings it; whoever has to publish it takes it then.
 */
import { isBridgeError } from '../../../errors.ts';
import type { KubeObject } from '../../../kube/resource.ts';
import { md5Of } from '../../../nacos/index.ts';
import { bytesByKey, type DataObject } from '../../mirror/data-object.ts';
import type { MirrorKind } from '../../mirror/mirror-target.ts';
import { textOfConfigMap, textOfSecret } from '../../places/content-place.ts';
import { refTitle, type KeyRef, type Mapping } from '../mapping.ts';

export interface KeyView {
  /** Undefined for what is no text. */
  readonly md5: string | undefined;
  /** Why it is none. */
  readonly problem: string | undefined;
  /** As the API server counts them. */
  readonly bytes: number;
  /** Whether a ConfigMap has it in `binaryData`. */
  readonly isBinary: boolean;
}

export interface ObjectView extends KubeObject {
  readonly keys: ReadonlyMap<string, KeyView>;
  /** Whether it says what is to be in Nacos. */
  readonly isMeant: boolean;
}

export type ContentListener = (ref: KeyRef, uid: string, md5: string, content: string) => void;

/** `onContent` is told each content. */
export function keysOf(
  kind: MirrorKind,
  object: DataObject,
  encoding: Mapping['secretEncoding'],
  onContent: ContentListener = () => {},
): ReadonlyMap<string, KeyView> {
  const { name, uid = '' } = object.metadata;
  const textOf = (key: string): Pick<KeyView, 'problem'> & { content?: string } => {
    const title = refTitle({ kind, name, key });
    try {
      const ofSecret = () => textOfSecret(object, { key, encoding }, title);
      return { content: kind === 'Secret' ? ofSecret() : textOfConfigMap(object, key, title), problem: undefined };
    } catch (error) {
      if (!isBridgeError(error, 'INVALID_CONTENT')) throw error;
      return { problem: error.message };
    }
  };
  const keys = new Map<string, KeyView>();
  for (const [key, bytes] of bytesByKey(kind, object)) {
    const isBinary = kind === 'ConfigMap' && Object.hasOwn(object.binaryData ?? {}, key);
    const { content, problem } = textOf(key);
    const md5 = content === undefined ? undefined : md5Of(content);
    if (content !== undefined && md5 !== undefined) onContent({ kind, name, key }, uid, md5, content);
    keys.set(key, { md5, problem, bytes, isBinary });
  }
  return keys;
}
