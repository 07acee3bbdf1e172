/**
 * Looks at the services of a real Nacos server over its HTTP API, apart from the client protocol that is under test.
 */
export interface NacosInstance {
  readonly ip: string;
  readonly port: number;
  readonly weight: number;
  readonly healthy: boolean;
  readonly enabled: boolean;
  readonly clusterName: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Sends a request with a token that is valid; the path begins behind the context path. */
export type NacosCall = (
  method: string,
  path: string,
  query: Readonly<Record<string, string>>,
) => Promise<{ readonly status: number; readonly text: string }>;

const pageSize = 500;

export class NacosNamingAdmin {
  readonly #isV3: boolean;
  readonly #call: NacosCall;

  constructor(version: '3.1' | '2.3', call: NacosCall) {
    this.#isV3 = version === '3.1';
    this.#call = call;
  }

  /**
   * What the server answers a client that asks for the instances of the cluster DEFAULT: those that are enabled. Empty for
   * an unknown service.
   */
  async offered(namespaceId: string, group: string, service: string): Promise<NacosInstance[]> {
    const path = this.#isV3 ? '/v3/client/ns/instance/list' : '/v1/ns/instance/list';
    const query = { ...this.#namespaceOf(namespaceId), groupName: group, serviceName: service, clusterName: 'DEFAULT' };
    const body = await this.#read(path, query, `the instances of ${service}`);
    const hosts = this.#isV3 ? (body as { data: RawInstance[] }).data : (body as { hosts: RawInstance[] }).hosts;
    return hosts.map((host) => instanceOf(host, host.clusterName ?? ''));
  }

  /**
   * Everything that the server holds of the services in a group whose names contain `part`, by name, with the instances
   * that are not enabled; services without instances are left out.
   */
  async registered(namespaceId: string, group: string, part = ''): Promise<Map<string, NacosInstance[]>> {
    const path = this.#isV3 ? '/v3/admin/ns/service/list' : '/v1/ns/catalog/services';
    const found = new Map<string, NacosInstance[]>();
    for (let pageNo = 1; ; pageNo += 1) {
      const page = { pageNo: String(pageNo), pageSize: String(pageSize), withInstances: 'true' };
      const query = { ...this.#namespaceOf(namespaceId), groupNameParam: group, serviceNameParam: part, ...page };
      const body = await this.#read(path, query, `the services of ${group}`);
      const rows = (this.#isV3 ? (body as { data: { pageItems: unknown } }).data.pageItems : body) as RawService[];
      for (const { serviceName, groupName, clusterMap } of rows) {
        const instances = Object.entries(clusterMap).flatMap(([cluster, { hosts }]) =>
          (hosts ?? []).map((host) => instanceOf(host, cluster)),
        );
        // Of groups too the server searches for parts of names.
        if (groupName === group && instances.length > 0) found.set(serviceName, instances);
      }
      if (rows.length < pageSize) return found;
    }
  }

  /** Sets values of an instance as the console does. @throws Error with the server's answer when it refuses */
  async override(
    { group, serviceName }: { readonly group: string; readonly serviceName: string },
    { clusterName, enabled, ip, metadata, port, weight }: Omit<NacosInstance, 'healthy'>,
  ): Promise<void> {
    const path = this.#isV3 ? '/v3/admin/ns/instance' : '/v1/ns/instance';
    const values = {
      ...this.#namespaceOf(''),
      groupName: group,
      serviceName,
      ip,
      port: String(port),
      clusterName,
      ephemeral: 'true',
      enabled: String(enabled),
      weight: String(weight),
      metadata: JSON.stringify(metadata),
    };
    await this.#change('PUT', path, values, `the values of ${ip}`);
  }

  /** Registers an instance that stays, or removes it, and the service with it, as an administrator does. */
  async changePersistent(
    change: 'register' | 'remove',
    { group, serviceName }: { readonly group: string; readonly serviceName: string },
    { ip, port }: { readonly ip: string; readonly port: number },
  ): Promise<void> {
    const service = { ...this.#namespaceOf(''), groupName: group, serviceName };
    const instance = { ...service, ip, port: String(port), ephemeral: 'false' };
    const method = change === 'register' ? 'POST' : 'DELETE';
    await this.#change(method, '/v1/ns/instance', instance, `${change} ${ip}`);
    const path = this.#isV3 ? '/v3/admin/ns/service' : '/v1/ns/service';
    if (change === 'remove') await this.#change('DELETE', path, service, `remove ${serviceName}`);
  }

  async #change(method: string, path: string, query: Readonly<Record<string, string>>, what: string): Promise<void> {
    const { status, text } = await this.#call(method, path, query);
    if (status !== 200) throw new Error(`${what}: Nacos answered ${status} ${text.slice(0, 300)}`);
  }

  #namespaceOf(namespaceId: string): { namespaceId: string } {
    const isPublic = namespaceId === '' || namespaceId === 'public';
    if (!isPublic) return { namespaceId };
    return { namespaceId: this.#isV3 ? 'public' : '' };
  }

  async #read(path: string, query: Readonly<Record<string, string>>, what: string): Promise<unknown> {
    const { status, text } = await this.#call('GET', path, query);
    if (status !== 200) throw new Error(`${what}: Nacos answered ${status} ${text.slice(0, 300)}`);
    return JSON.parse(text);
  }
}

interface RawInstance {
  readonly ip: string;
  readonly port: number;
  readonly weight: number;
  readonly healthy?: boolean;
  /** What 2.3 calls healthy in its catalogue. */
  readonly valid?: boolean;
  readonly enabled: boolean;
  readonly clusterName?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

interface RawService {
  readonly serviceName: string;
  readonly groupName: string;
  readonly clusterMap: Readonly<Record<string, { readonly hosts: readonly RawInstance[] | null }>>;
}

function instanceOf(raw: RawInstance, clusterName: string): NacosInstance {
  const { ip, port, weight, enabled, metadata = {} } = raw;
  return { ip, port, weight, healthy: raw.healthy ?? raw.valid ?? false, enabled, clusterName, metadata };
}
