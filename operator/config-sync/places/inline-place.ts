/**
 * `spec.content` of the NacosConfig itself. It is written back only as `driftPolicy: Adopt` asks.
 *
 * The resource comes from a cache, without its managed fields and, as a rule, without the content (inline-contents.ts). So
 * whatever is about writing reads it again.
 */
import { FIELD_MANAGER } from '../../api/names.ts';
import type { NacosConfig } from '../../api/resources.ts';
import { BridgeError } from '../../errors.ts';
import type { ResourceClient } from '../../kube/resource-client.ts';
import { md5Of } from '../../nacos/index.ts';
import { presentUnread, type ContentPlace, type DeclaredContent } from './content-place.ts';
import { authorOf } from './field-author.ts';
import type { InlineContents, KeptConfig } from './inline-contents.ts';

/** `maxLength` of the field. */
const MAX_CHARACTERS = 1_048_576;

export class InlinePlace implements ContentPlace {
  readonly title = '`spec.content`';
  readonly isSecret = false;
  readonly namespace: string;
  readonly #configs: ResourceClient<NacosConfig>;
  readonly #resource: KeptConfig;
  readonly #contents: Pick<InlineContents, 'read'>;

  constructor(configs: ResourceClient<NacosConfig>, resource: KeptConfig, contents: Pick<InlineContents, 'read'>) {
    this.#configs = configs;
    this.#resource = resource;
    this.#contents = contents;
    this.namespace = resource.metadata.namespace ?? '';
  }

  async read(): Promise<DeclaredContent> {
    const author = async () => authorOf((await this.#fresh()).metadata.managedFields, ['spec', 'content']);
    return presentUnread(this.#md5, () => this.#contents.read(this.#resource), author);
  }

  async write(content: string): Promise<void> {
    if (content.length > MAX_CHARACTERS) {
      const rule = `must have at most ${MAX_CHARACTERS} characters`;
      throw new BridgeError('INVALID_CONTENT', `The content of Nacos has ${content.length} and ${this.title} ${rule}`);
    }
    const { resourceVersion } = (await this.#fresh()).metadata;
    const { name, namespace } = this.#resource.metadata;
    const patch = { metadata: { resourceVersion }, spec: { content } };
    await this.#configs.mergePatch(name, namespace, patch, { fieldManager: FIELD_MANAGER });
  }

  get #md5(): string {
    return this.#resource.inlineMd5 ?? md5Of(this.#resource.spec.content ?? '');
  }

  /** @throws BridgeError KUBE_CONFLICT when it no longer holds the content that was read. */
  async #fresh(): Promise<NacosConfig> {
    const { name, namespace, uid } = this.#resource.metadata;
    const fresh = await this.#configs.get(name, namespace);
    const isSame = fresh?.metadata.uid === uid && md5Of(fresh?.spec.content ?? '') === this.#md5;
    if (fresh && isSame) return fresh;
    throw new BridgeError('KUBE_CONFLICT', `${this.title} of NacosConfig '${name}' was changed meanwhile`);
  }
}
