/**
 * A Kubernetes back end over plain REST, by the server and the credentials of a kubeconfig file. It is apart from the
 * operator's own client, which is under test.
 */
import { readFileSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, request } from 'undici';
import { ApiRefusal } from './backends.ts';
import type { KubeObject, KubernetesBackend, ObjectEvent, ObjectRef, ObjectWatch } from './backends.ts';

const fieldManager = 'scenario';
const retries = 20;
const retryMs = 250;

interface ResourceType {
  readonly plural: string;
  readonly isNamespaced: boolean;
}

export class RestKubernetes implements KubernetesBackend {
  readonly #server: string;
  readonly #token: string;
  readonly #agent: Agent;
  readonly #types = new Map<string, Promise<Map<string, ResourceType>>>();

  constructor(kubeconfigFile: string) {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfigFile);
    const cluster = config.getCurrentCluster();
    if (!cluster) throw new Error(`${kubeconfigFile} has no current cluster`);
    const ca = cluster.caFile ? readFileSync(cluster.caFile) : Buffer.from(cluster.caData ?? '', 'base64');
    this.#server = cluster.server;
    this.#token = config.getCurrentUser()?.token ?? '';
    this.#agent = new Agent({ connect: { ca }, connections: 64, headersTimeout: 20_000, bodyTimeout: 0 });
  }

  async apply(object: KubeObject): Promise<KubeObject> {
    const { apiVersion, kind, metadata } = object;
    const path = await this.#path({ apiVersion, kind, namespace: metadata.namespace ?? '', name: metadata.name });
    const query = `?fieldManager=${fieldManager}&force=true`;
    return this.#call('PATCH', path + query, object, 'application/apply-patch+yaml');
  }

  /** Server-side apply of the status alone. */
  async applyStatus(object: KubeObject): Promise<KubeObject> {
    const { apiVersion, kind, metadata } = object;
    const path = await this.#path({ apiVersion, kind, namespace: metadata.namespace ?? '', name: metadata.name });
    const query = `?fieldManager=${fieldManager}&force=true`;
    return this.#call('PATCH', `${path}/status${query}`, object, 'application/apply-patch+yaml');
  }

  async patch(ref: ObjectRef, merge: unknown): Promise<KubeObject> {
    const path = `${await this.#path(ref)}?fieldManager=${fieldManager}`;
    return this.#call('PATCH', path, merge, 'application/merge-patch+json');
  }

  async delete(ref: ObjectRef): Promise<void> {
    await absentIsUndefined(this.#call('DELETE', await this.#path(ref)));
  }

  async get(ref: ObjectRef): Promise<KubeObject | undefined> {
    return absentIsUndefined(this.#call('GET', await this.#path(ref)));
  }

  async list(apiVersion: string, kind: string, namespace: string): Promise<KubeObject[]> {
    const path = await this.#path({ apiVersion, kind, namespace, name: '' });
    const list = (await this.#call('GET', path)) as unknown as { items: KubeObject[] };
    return list.items.map((item) => ({ ...item, apiVersion, kind }));
  }

  async watch(ref: ObjectRef, resourceVersion: string, listener: (event: ObjectEvent) => void): Promise<ObjectWatch> {
    const selector = encodeURIComponent(`metadata.name=${ref.name}`);
    const path = `${await this.#path({ ...ref, name: '' })}?watch=true&fieldSelector=${selector}`;
    const abort = new AbortController();
    let seen = resourceVersion;
    const follow = async (): Promise<void> => {
      // A server under load ends watches; each begins where the one before it ended.
      while (!abort.signal.aborted) {
        await this.readLines(`${path}&resourceVersion=${seen}`, abort.signal, (line) => {
          const event = JSON.parse(line) as ObjectEvent | { readonly type: 'ERROR'; readonly object: unknown };
          if (event.type === 'ERROR') throw new Error(`the watch of ${ref.name} failed: ${line}`);
          seen = event.object.metadata.resourceVersion ?? seen;
          listener(event);
        });
      }
    };
    // What ends it otherwise, such as a server that goes down, shows in a last read.
    follow().catch(() => {});
    return { stop: () => abort.abort() };
  }

  /** Calls `listener` with each line of an endless answer. Rejects when the server refuses, ends it, or is gone. */
  async readLines(path: string, signal: AbortSignal, listener: (line: string) => void): Promise<void> {
    const options = { dispatcher: this.#agent, headers: this.#headers, signal };
    const response = await request(this.#server + path, options);
    if (response.statusCode !== 200) throw refusal(response.statusCode, await response.body.text());
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of response.body) {
      const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') listener(line);
    }
  }

  /** Frees the sockets, so that the process can end. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  get #headers(): Record<string, string> {
    return { authorization: `Bearer ${this.#token}`, accept: 'application/json' };
  }

  async #path({ apiVersion, kind, namespace, name }: ObjectRef): Promise<string> {
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const known = this.#types.get(root) ?? this.#discover(root);
    this.#types.set(root, known);
    const type = (await known).get(kind);
    if (!type) {
      this.#types.delete(root);
      throw new ApiRefusal(404, `the server has no kind ${kind} in ${apiVersion}`);
    }
    const place = type.isNamespaced && namespace !== '' ? `/namespaces/${namespace}` : '';
    return `${root}${place}/${type.plural}${name === '' ? '' : `/${name}`}`;
  }

  async #discover(root: string): Promise<Map<string, ResourceType>> {
    const answer = (await absentIsUndefined(this.#call('GET', root))) as unknown as
      { resources: { name: string; kind: string; namespaced: boolean }[] } | undefined;
    const resources = (answer?.resources ?? []).filter((resource) => !resource.name.includes('/'));
    return new Map(resources.map(({ name, kind, namespaced }) => [kind, { plural: name, isNamespaced: namespaced }]));
  }

  async #call(method: 'GET' | 'PATCH' | 'DELETE', path: string, body?: unknown, type?: string): Promise<KubeObject> {
    for (let attempt = 1; ; attempt += 1) {
      const response = await request(this.#server + path, {
        method,
        dispatcher: this.#agent,
        headers: type === undefined ? this.#headers : { ...this.#headers, 'content-type': type },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = await response.body.text();
      if (response.statusCode < 300) return JSON.parse(text) as KubeObject;
      // "Too many requests" means "not now"; a resource whose CRD is just being installed says it too.
      if (response.statusCode !== 429 || attempt > retries) throw refusal(response.statusCode, text);
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}

function refusal(status: number, body: string): ApiRefusal {
  try {
    return new ApiRefusal(status, String((JSON.parse(body) as { message?: string }).message));
  } catch {
    return new ApiRefusal(status, body.slice(0, 500));
  }
}

async function absentIsUndefined(answer: Promise<KubeObject>): Promise<KubeObject | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 404) return undefined;
    throw error;
  }
}
