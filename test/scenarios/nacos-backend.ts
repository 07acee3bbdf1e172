/**
 * A Nacos back end over the server's HTTP APIs: what the console does, and what an application's publish leaves behind.
 * The client protocol, which is under test, is not used, but for the instances of applications, which live as long as the
 * connection of the client that registered them, and for contents that are too large for HTTP.
 */
import type { NacosClient } from '../../operator/nacos/client.ts';
import type { NacosAdmin, NacosConfig } from '../testbed/nacos-admin.ts';
import { startAuthorClient } from './author-client.ts';
import type { ConfigKey, NacosBackend, ServiceInstance, ServiceKey, StoredConfig } from './backends.ts';

export interface NacosEndpoint {
  readonly version: '3.1' | '2.3';
  readonly host: string;
  readonly port: number;
  readonly grpcPort: number;
  readonly username: string;
  readonly password: string;
  readonly admin: NacosAdmin;
}

/** One row of the server's history of a config. */
export interface ConfigWrite {
  readonly operation: 'I' | 'U' | 'D';
  /** What the writer says of itself (`src_user`); of a removal the user that is logged in, or ''. */
  readonly writer: string;
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
}

interface HistoryPage {
  readonly totalCount: number;
  readonly pageItems: readonly {
    readonly opType: string;
    readonly srcUser: string | null;
    /** 3.1 has milliseconds since the epoch, 2.3 a time in ISO 8601. */
    readonly modifyTime?: number;
    readonly lastModifiedTime?: string;
  }[];
}

/** A client with a connection of its own, which registers instances in the public namespace. */
export interface NacosApplication {
  register(group: string, serviceName: string, ip: string, port: number): Promise<void>;
  deregister(group: string, serviceName: string, ip: string, port: number): Promise<void>;
  stop(): Promise<void>;
}

/** Servers drop a form of 2 MB or more without a word, and with it all parameters. */
const maxFormBytes = 1_000_000;

export class HttpNacos implements NacosBackend {
  readonly host: string;
  readonly port: number;
  readonly grpcPort: number;
  readonly username: string;
  readonly password: string;
  readonly #version: '3.1' | '2.3';
  readonly #admin: NacosAdmin;
  #token: Promise<string> | undefined;
  readonly #startApplication: () => Promise<NacosApplication>;
  #application: Promise<NacosApplication> | undefined;
  /** For what no form can hold. */
  #author: NacosClient | undefined;

  /** `startApplication` is called when the first instance is registered. */
  constructor(endpoint: NacosEndpoint, startApplication: () => Promise<NacosApplication>) {
    this.host = endpoint.host;
    this.port = endpoint.port;
    this.grpcPort = endpoint.grpcPort;
    this.username = endpoint.username;
    this.password = endpoint.password;
    this.#version = endpoint.version;
    this.#admin = endpoint.admin;
    this.#startApplication = startApplication;
  }

  async read({ namespaceId, group, dataId }: ConfigKey): Promise<StoredConfig | undefined> {
    const config = await this.#getConfig(namespaceId, group, dataId);
    return (
      config && {
        content: config.content,
        md5: config.md5,
        type: config.type ?? '',
        description: config.desc ?? '',
        appName: config.appName ?? '',
        tags: (config.configTags ?? '').split(',').filter((tag) => tag !== ''),
        writer: config.createUser ?? '',
      }
    );
  }

  /** 3.1 fails inside when its read meets a removal of the same config; the next read is right. */
  async #getConfig(...key: [string, string, string]): Promise<NacosConfig | undefined> {
    try {
      return await this.#admin.getConfig(...key);
    } catch {
      return this.#admin.getConfig(...key);
    }
  }

  async publish(key: ConfigKey, content: string): Promise<void> {
    const { namespaceId, group, dataId } = key;
    if (Buffer.byteLength(content) <= maxFormBytes) return this.#admin.publish(namespaceId, group, dataId, content);
    this.#author ??= startAuthorClient(this);
    await this.#author.config.publish(key, content, { cas: 'none', type: 'text' });
  }

  async remove({ namespaceId, group, dataId }: ConfigKey): Promise<void> {
    await this.#admin.remove(namespaceId, group, dataId);
  }

  async tag(key: ConfigKey, tags: readonly string[]): Promise<void> {
    const config = await this.read(key);
    if (!config) throw new Error(`dataId ${key.dataId} does not exist and cannot be tagged`);
    const { namespaceId, group, dataId } = key;
    await this.#admin.publish(namespaceId, group, dataId, config.content, {
      type: config.type,
      desc: config.description,
      appName: config.appName,
      configTags: [...new Set([...config.tags, ...tags])].join(','),
    });
  }

  async countWrites(key: ConfigKey): Promise<number> {
    return (await this.#historyPage(key, 1)).totalCount;
  }

  /** Inserts, updates and removals of the key, the oldest first, as far back as the server remembers. */
  async history(key: ConfigKey): Promise<ConfigWrite[]> {
    const rows: ConfigWrite[] = [];
    for (let pageNo = 1; ; pageNo += 1) {
      const { totalCount, pageItems } = await this.#historyPage(key, pageNo);
      for (const { lastModifiedTime, modifyTime, opType, srcUser } of pageItems) {
        const operation = opType.trim() as ConfigWrite['operation'];
        rows.push({ operation, writer: srcUser ?? '', timeMs: modifyTime ?? Date.parse(lastModifiedTime ?? '') });
      }
      if (pageItems.length === 0 || rows.length >= totalCount) return rows.reverse();
    }
  }

  /** The newest first. */
  async #historyPage({ namespaceId, group, dataId }: ConfigKey, pageNo: number): Promise<HistoryPage> {
    const page = { dataId, pageNo: String(pageNo), pageSize: '500' };
    const [path, query] =
      this.#version === '3.1'
        ? ['/v3/admin/cs/history/list', { ...page, namespaceId: namespaceId || 'public', groupName: group }]
        : ['/v1/cs/history', { ...page, search: 'accurate', tenant: namespaceId, group }];
    this.#token ??= this.#admin.login();
    const url = `http://${this.host}:${this.port}/nacos${path}?${new URLSearchParams(query).toString()}`;
    const response = await fetch(url, { headers: { accessToken: await this.#token } });
    if (!response.ok) throw new Error(`the history of ${dataId}: Nacos answered ${response.status}`);
    const body = (await response.json()) as HistoryPage | { data: HistoryPage };
    return 'data' in body ? body.data : body;
  }

  async instances({ namespaceId, group, serviceName }: ServiceKey): Promise<readonly ServiceInstance[]> {
    return (await this.#admin.naming.registered(namespaceId, group, serviceName)).get(serviceName) ?? [];
  }

  async register({ group, serviceName }: ServiceKey, ip: string, port: number): Promise<void> {
    await (await this.#applicationClient).register(group, serviceName, ip, port);
  }

  async deregister({ group, serviceName }: ServiceKey, ip: string, port: number): Promise<void> {
    await (await this.#applicationClient).deregister(group, serviceName, ip, port);
  }

  /** Ends what it registered. */
  async close(): Promise<void> {
    await Promise.all([(await this.#application)?.stop(), this.#author?.stop()]);
  }

  get #applicationClient(): Promise<NacosApplication> {
    this.#application ??= this.#startApplication();
    return this.#application;
  }
}
