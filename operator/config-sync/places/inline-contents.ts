/**
 * `spec.content` of NacosConfigs, which the store of them holds as its md5 alone: ten thousand contents are most of what a
 * process would have in memory, and hardly ever needed once they are in Nacos.
 *
 * A content that has just come in is held until it was dealt with, half a minute at most and 16 MiB in all; any other one is
 * read from the API server when it is needed. One that the status says to be in sync is not held.
 */
import type { NacosConfig } from '../../api/resources.ts';
import type { Clock } from '../../clock.ts';
import { BridgeError } from '../../errors.ts';
import type { ResourceClient } from '../../kube/resource-client.ts';
import { objectKey } from '../../kube/resource.ts';
import { md5Of } from '../../nacos/index.ts';
import { HeldContents } from './held-contents.ts';

/** As the store has it: where `inlineMd5` is set, `spec.content` is empty and stands for a content with this md5. */
export interface KeptConfig extends NacosConfig {
  readonly inlineMd5?: string;
}

interface InlineContentsOptions {
  readonly client: Pick<ResourceClient<NacosConfig>, 'get'>;
  /** What the store has under a key. */
  readonly kept: (key: string) => KeptConfig | undefined;
  readonly clock: Clock;
}

const HELD_MS = 30_000;
export class InlineContents {
  readonly #options: InlineContentsOptions;
  /** By uid and generation. */
  readonly #held = new HeldContents<number | undefined>();

  constructor(options: InlineContentsOptions) {
    this.#options = options;
  }

  /** What the store is to keep of an object that has just come in, and that nobody else has yet. */
  strip(config: NacosConfig): KeptConfig {
    const { metadata, spec, status } = config;
    const { content } = spec;
    if (content === undefined) return config;
    const before = this.#options.kept(objectKey(config));
    const isKnown = before?.metadata.uid === metadata.uid && before?.metadata.generation === metadata.generation;
    const knownMd5 = isKnown && metadata.generation !== undefined ? before?.inlineMd5 : undefined;
    const inlineMd5 = knownMd5 ?? md5Of(content);
    const isInSync = status?.observedGeneration === metadata.generation && status?.syncedMd5 === inlineMd5;
    if (knownMd5 === undefined && !isInSync) this.#hold(metadata.uid ?? '', metadata.generation, content);
    return { ...config, spec: { ...spec, content: '' }, inlineMd5 };
  }

  /**
   * The content that `config` stands for.
   *
   * @throws BridgeError KUBE_CONFLICT when it was changed since.
   */
  async read(config: KeptConfig): Promise<string> {
    const { generation, name, namespace, uid = '' } = config.metadata;
    if (config.inlineMd5 === undefined) return config.spec.content ?? '';
    const held = this.#held.get(uid, generation);
    if (held !== undefined) return held;
    const found = await this.#options.client.get(name, namespace);
    const content = found?.metadata.uid === config.metadata.uid ? found?.spec.content : undefined;
    if (content !== undefined && md5Of(content) === config.inlineMd5) return content;
    throw new BridgeError('KUBE_CONFLICT', `\`spec.content\` of NacosConfig '${name}' was changed meanwhile`);
  }

  /** It was dealt with. */
  release({ metadata: { generation, uid = '' } }: NacosConfig): void {
    this.#held.drop(uid, generation);
  }

  #hold(uid: string, generation: number | undefined, content: string): void {
    this.#held.put(uid, generation, content);
    this.#options.clock.after(HELD_MS, () => this.#held.drop(uid, generation));
  }
}
