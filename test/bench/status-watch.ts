/**
 * Looks at the NacosConfigs of a namespace as whoever waits for them does: by a watch. It is open while the operator is
 * measured and while the bare client is, so that the servers have the same to send.
 */
import type { KubeObject } from '../scenarios/backends.ts';
import type { RestKubernetes } from '../scenarios/kubernetes-backend.ts';
import { apiVersion } from './bench-world.ts';

interface Seen {
  readonly generation: number;
  /** What Nacos holds, once the status of this generation says that both sides are equal. */
  readonly md5: string | undefined;
}

interface Wish {
  readonly missing: Map<string, string>;
  readonly fulfil: () => void;
}

export class StatusWatch {
  readonly #abort = new AbortController();
  readonly #seen = new Map<string, Seen>();
  readonly #wishes = new Set<Wish>();
  /** Told of every object whose spec is new. */
  onSpec: (object: KubeObject) => void = () => {};

  constructor(kubernetes: RestKubernetes, namespace: string) {
    const path = `/apis/${apiVersion}/namespaces/${namespace}/nacosconfigs?watch=true`;
    const { signal } = this.#abort;
    const follow = async (): Promise<void> => {
      // A server under load ends watches; a new one without a resourceVersion begins with all objects that there are.
      while (!signal.aborted) await kubernetes.readLines(path, signal, (line) => this.#look(line)).catch(() => {});
    };
    void follow();
  }

  /** Resolves when each of these NacosConfigs says that both sides hold the content with this md5. */
  async equal(md5s: ReadonlyMap<string, string>, limitMs: number): Promise<void> {
    const missing = new Map([...md5s].filter(([name, md5]) => this.#seen.get(name)?.md5 !== md5));
    if (missing.size === 0) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const wish = { missing, fulfil: resolve };
    this.#wishes.add(wish);
    const late = (): void => reject(new Error(`${missing.size} of ${md5s.size} configs are not equal in time`));
    const timer = setTimeout(late, limitMs);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#wishes.delete(wish);
    }
  }

  close(): void {
    this.#abort.abort();
  }

  #look(line: string): void {
    const { object, type } = JSON.parse(line) as { object: KubeObject; type: string };
    if (type === 'ERROR' || type === 'DELETED') return;
    const { name, generation = 0 } = object.metadata;
    const isNewSpec = this.#seen.get(name)?.generation !== generation;
    const md5 = equalMd5(object);
    this.#seen.set(name, { generation, md5 });
    if (isNewSpec) this.onSpec(object);
    for (const { missing, fulfil } of this.#wishes) {
      if (missing.get(name) !== md5) continue;
      missing.delete(name);
      if (missing.size === 0) fulfil();
    }
  }
}

interface Status {
  readonly nacosMd5?: string;
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly observedGeneration?: number;
  }[];
}

function equalMd5({ metadata, ...rest }: KubeObject): string | undefined {
  const { conditions, nacosMd5 } = (rest['status'] ?? {}) as Status;
  const ready = conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' && ready.observedGeneration === metadata.generation ? nacosMd5 : undefined;
}
