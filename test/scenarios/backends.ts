/**
 * The two sides that a scenario is played against. The runner knows nothing else of them, so the same scenario files run
 * against real servers, and against any other server that speaks the same APIs.
 */

export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** A request that the API server answered with a status of 4xx or 5xx; the message is the server's. */
export class ApiRefusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiRefusal';
    this.status = status;
  }
}

export interface ObjectEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

export interface ObjectWatch {
  /** Ends the watch. */
  stop(): void;
}

/** What a person does with kubectl. Every method rejects with ApiRefusal when the server refuses. */
export interface KubernetesBackend {
  /** Server-side apply, forced: what the object says is so afterwards. */
  apply(object: KubeObject): Promise<KubeObject>;
  /** JSON merge patch (RFC 7386). */
  patch(ref: ObjectRef, merge: unknown): Promise<KubeObject>;
  /** Begins the deletion; an absent object is no error. */
  delete(ref: ObjectRef): Promise<void>;
  get(ref: ObjectRef): Promise<KubeObject | undefined>;
  list(apiVersion: string, kind: string, namespace: string): Promise<KubeObject[]>;
  /** Tells every change of one object after `resourceVersion`, in order and without gaps, until stopped. */
  watch(ref: ObjectRef, resourceVersion: string, listener: (event: ObjectEvent) => void): Promise<ObjectWatch>;
}

export interface ConfigKey {
  readonly dataId: string;
  readonly group: string;
  /** "" is the public namespace. */
  readonly namespaceId: string;
}

export interface StoredConfig {
  readonly content: string;
  readonly md5: string;
  readonly type: string;
  readonly description: string;
  readonly appName: string;
  readonly tags: readonly string[];
  /** Who wrote last, as the writer said (`src_user`). */
  readonly writer: string;
}

export interface ServiceKey {
  readonly serviceName: string;
  readonly group: string;
  /** "" is the public namespace. */
  readonly namespaceId: string;
}

export interface ServiceInstance {
  readonly ip: string;
  readonly port: number;
  readonly weight: number;
  readonly healthy: boolean;
  readonly enabled: boolean;
  readonly clusterName: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What a console user and an application do with Nacos. */
export interface NacosBackend {
  readonly host: string;
  readonly port: number;
  readonly grpcPort: number;
  readonly username: string;
  readonly password: string;
  /** Reads the database, which is never behind an acknowledged write. */
  read(key: ConfigKey): Promise<StoredConfig | undefined>;
  /** Publishes as an application does: content alone, without tags or description. */
  publish(key: ConfigKey, content: string): Promise<void>;
  remove(key: ConfigKey): Promise<void>;
  /** Sets the tags of an existing config and keeps its content, as the console's edit form does. */
  tag(key: ConfigKey, tags: readonly string[]): Promise<void>;
  /** Inserts, updates and removals of the key so far, from the server's history. */
  countWrites(key: ConfigKey): Promise<number>;
  /** All instances, also those that are not enabled, of which clients are told nothing. */
  instances(service: ServiceKey): Promise<readonly ServiceInstance[]>;
  /** Registers an instance in the public namespace as an application does, which keeps it until it deregisters it. */
  register(service: ServiceKey, ip: string, port: number): Promise<void>;
  deregister(service: ServiceKey, ip: string, port: number): Promise<void>;
}

export interface Backends {
  readonly kubernetes: KubernetesBackend;
  readonly nacos: NacosBackend;
}
