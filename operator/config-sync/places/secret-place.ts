/**
 * One key of a Secret. Its content is read when it is needed, kept no longer than others need it at the same time, and
 * appears in no message; it is never written.
 */
import { BridgeError, isBridgeError } from '../../errors.ts';
import type { Secret } from '../mirror/data-object.ts';
import { absent, present, textOfSecret, type ContentPlace, type DeclaredContent } from './content-place.ts';
import type { Reads } from './shared-reads.ts';

export class SecretPlace implements ContentPlace {
  readonly isSecret = true;
  readonly namespace: string;
  readonly #secrets: Reads<Secret>;
  readonly #name: string;
  readonly #key: string;
  /** `Base64`: the content is the key's bytes in Base64. */
  readonly #encoding: 'Text' | 'Base64';

  constructor(
    secrets: Reads<Secret>,
    namespace: string,
    source: { name: string; key: string; encoding: 'Text' | 'Base64' },
  ) {
    this.#secrets = secrets;
    this.namespace = namespace;
    this.#name = source.name;
    this.#key = source.key;
    this.#encoding = source.encoding;
  }

  get title(): string {
    return `key '${this.#key}' of Secret '${this.#name}'`;
  }

  async read(): Promise<DeclaredContent> {
    const object = await this.#get();
    const resourceVersion = object?.metadata.resourceVersion;
    const content = object && textOfSecret(object, { key: this.#key, encoding: this.#encoding }, this.title);
    if (content !== undefined) return present(content, resourceVersion);
    const what = object === undefined ? 'does not exist' : `has no key '${this.#key}'`;
    return absent(`Secret '${this.#name}' ${what}`, resourceVersion);
  }

  async write(): Promise<never> {
    throw new BridgeError('INVALID_SPEC', 'An edit in Nacos must not be written into a Secret');
  }

  async #get(): Promise<Secret | undefined> {
    try {
      return await this.#secrets.get(this.#name, this.namespace);
    } catch (error) {
      if (!isBridgeError(error, 'KUBE_FORBIDDEN')) throw error;
      const message = `${error.message}; the operator may not read Secrets, see \`secrets.export\` of its chart`;
      throw new BridgeError('KUBE_FORBIDDEN', message, { cause: error });
    }
  }
}
