/**
 * One object that dataIds are mirrored into: what is claimed of it, and what was last seen in it.
 */
import { type ConfigName, nameText } from '../../nacos/index.ts';
import type { MirrorKind } from '../mirror/mirror-target.ts';

export class MirroredObject {
  readonly kind: MirrorKind;
  readonly name: string;
  /** The dataIds of each key, by the text of their names. */
  readonly claims = new Map<string, Map<string, ConfigName>>();
  /** Keys of ours that were last seen in it. */
  keys: ReadonlySet<string> = new Set();
  /** Keys without a dataId that are still there. */
  leaving: readonly string[] = [];
  /** The state in which it was last seen, or made, to be right. */
  right: { readonly md5: string; readonly resourceVersion: string | undefined } | undefined;

  constructor(kind: MirrorKind, name: string) {
    this.kind = kind;
    this.name = name;
  }

  claim(key: string, config: ConfigName): void {
    const configs = this.claims.get(key) ?? new Map<string, ConfigName>();
    this.claims.set(key, configs);
    configs.set(nameText(config), config);
  }

  withdraw(key: string, config: ConfigName): void {
    const configs = this.claims.get(key);
    configs?.delete(nameText(config));
    if (configs?.size === 0) this.claims.delete(key);
  }
}
