/**
 * The words of the naming API: what names a service, what an instance is, and what a server says of a service.
 */

export interface ServiceKey {
  /** '' and 'public' are the same: the public namespace. */
  readonly namespaceId: string;
  readonly group: string;
  /** Bare, without the group. */
  readonly serviceName: string;
}

export interface Instance {
  readonly ip: string;
  /** 0 to 65535. */
  readonly port: number;
  /** 0 to 10000; 0 gets no traffic. */
  readonly weight: number;
  readonly healthy: boolean;
  /** Servers leave what is not enabled out of queries and pushes. */
  readonly enabled: boolean;
  readonly clusterName: string;
  /** Keys and values together at most 1024 characters by default. */
  readonly metadata: Readonly<Record<string, string>>;
}

export type Host = Instance & {
  readonly instanceId: string;
  /** Bound to its publisher's connection, as all that `publish` sends. */
  readonly ephemeral: boolean;
};

export interface ServiceInfo {
  /** In a fixed order, whatever order the server gave. Only what is enabled. */
  readonly hosts: readonly Host[];
  /** The server's clock when it made this. */
  readonly lastRefTimeMs: number;
  /** So few hosts are healthy that the server calls all of them healthy. */
  readonly reachProtectionThreshold: boolean;
}

/** `lost`: a connection is gone, and all that it held. `progress`: what is held, or where, may have changed. */
export type NamingChange = 'lost' | 'progress';
