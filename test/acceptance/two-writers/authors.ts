/**
 * People who edit one config: each reads what their side holds, adds one word, and writes it only if nothing came between,
 * as `kubectl edit` and a console with compare-and-swap do. So a content tells by its words which edits its author had seen.
 */
import { isBridgeError } from '../../../operator/errors.ts';
import type { NacosClient } from '../../../operator/nacos/client.ts';
import { ApiRefusal } from '../../scenarios/backends.ts';
import type { ConfigKey, KubeObject, KubernetesBackend, ObjectRef } from '../../scenarios/backends.ts';

/** What a content says: the edits that it holds, in order. */
export function wordsOf(content: string | undefined): string[] {
  return (content ?? '').split(' ').filter((word) => word !== '');
}

/** The content of the same words, each once. */
function contentOf(words: readonly string[]): string {
  return [...new Set(words)].join(' ');
}

/** What to write, of what is there; undefined leaves it. */
type Change = (words: string[]) => readonly string[];

export class KubernetesAuthor {
  readonly #kubernetes: KubernetesBackend;
  readonly #ref: ObjectRef;
  readonly #key: string;

  constructor(kubernetes: KubernetesBackend, ref: ObjectRef, key: string) {
    this.#kubernetes = kubernetes;
    this.#ref = ref;
    this.#key = key;
  }

  async read(): Promise<string | undefined> {
    return this.#contentOf(await this.#kubernetes.get(this.#ref));
  }

  async edit(change: Change): Promise<void> {
    for (;;) {
      const object = await this.#kubernetes.get(this.#ref);
      const resourceVersion = object?.metadata.resourceVersion;
      const data = { [this.#key]: contentOf(change(wordsOf(this.#contentOf(object)))) };
      try {
        await this.#kubernetes.patch(this.#ref, { metadata: { resourceVersion }, data });
        return;
      } catch (error) {
        if (!(error instanceof ApiRefusal) || error.status !== 409) throw error;
      }
    }
  }

  #contentOf(object: KubeObject | undefined): string | undefined {
    return (object?.['data'] as Record<string, string> | undefined)?.[this.#key];
  }
}

export class NacosAuthor {
  readonly #client: NacosClient;
  readonly #key: ConfigKey;

  constructor(client: NacosClient, key: ConfigKey) {
    this.#client = client;
    this.#key = key;
  }

  async read(): Promise<string | undefined> {
    return (await this.#client.admin.getConfig(this.#key))?.content;
  }

  async edit(change: Change): Promise<void> {
    for (;;) {
      const there = await this.#client.admin.getConfig(this.#key);
      const content = contentOf(change(wordsOf(there?.content)));
      if (content === there?.content) return;
      const cas = there ? { md5: there.md5 } : 'create-only';
      const options = { cas, type: 'text', description: '', appName: '', srcUser: 'author' } as const;
      try {
        await this.#client.config.publish(this.#key, content, options);
        return;
      } catch (error) {
        // After the latter two it may have happened: what is there tells.
        if (!isBridgeError(error, 'NACOS_CAS_FAILED', 'NACOS_FAILED', 'TIMEOUT')) throw error;
      }
    }
  }
}
