// Generated from crds/bridge.nacos.io_nacosconnections.yaml by `npm run generate`; do not edit.

/**
 * Where Nacos is and how to talk to it.
 */
export interface NacosConnectionSpec {
  /**
   * The servers of one Nacos cluster. They are tried in turn from a random start; one that fails is skipped for a while. A host and port may be listed once.
   *
   * Items: One Nacos server.
   */
  servers: {
    /**
     * How the HTTP port is spoken to.
     */
    scheme: 'http' | 'https';
    /**
     * Host name or IP address, without scheme, port or brackets, e.g. `nacos.middleware.svc`.
     */
    host: string;
    /**
     * The HTTP port.
     */
    port: number;
    /**
     * The path under which Nacos serves its HTTP API; `/` when there is none.
     */
    contextPath: string;
    /**
     * The gRPC port. Nacos opens it at the HTTP port + 1000, which is the default; set it when a proxy maps ports.
     */
    grpcPort?: number;
  }[];
  /**
   * The id of the Nacos namespace for resources that name none. Empty and `public` both mean the public namespace. It cannot be changed.
   */
  namespaceId: string;
  /**
   * What the public namespace of configs is on servers before 2.5, which have two. `Empty` is the one with the empty id, which Java clients before 3.0 use; `Literal` the one that is called `public`, which later ones ask for. From 2.5 on there is one, and so there is of services. What was published stays behind when this is changed.
   */
  publicNamespace: 'Empty' | 'Literal';
  /**
   * How the operator logs in. Leave it out when the server asks for no login.
   */
  auth?: {
    /**
     * Login by user name and password. The token is renewed before it expires, and at once when the Secret changes.
     */
    password: {
      /**
       * The Secret, in the same namespace, with the keys `username` and `password`.
       */
      secretRef: {
        /**
         * The name of the Secret.
         */
        name: string;
      };
    };
  };
  /**
   * What resources may use over this connection; without it, everything. A list that is left out allows every name. In a pattern `*` stands for any text and `{namespace}` for the namespace of the resource. What is not allowed any more is withdrawn, if it is a service, and left as it is, if it is a config.
   */
  allow?: {
    /**
     * The groups of configs and services.
     *
     * Items: A pattern of groups.
     */
    groups?: string[];
    /**
     * The ids of Nacos namespaces; the public one is `public`.
     *
     * Items: A pattern of ids.
     */
    namespaceIds?: string[];
    /**
     * The dataIds of configs.
     *
     * Items: A pattern of dataIds.
     */
    dataIds?: string[];
    /**
     * The names of services in Nacos.
     *
     * Items: A pattern of names.
     */
    services?: string[];
  };
  /**
   * How long one request to Nacos may take, in milliseconds.
   */
  requestTimeoutMs: number;
  /**
   * How many writes may be under way at the same time on this connection.
   */
  updateConcurrency: number;
}

/**
 * What the operator last saw. It is written by the operator alone.
 */
export interface NacosConnectionStatus {
  /**
   * The `metadata.generation` that this status describes.
   */
  observedGeneration?: number;
  /**
   * `Ready`: a server answers and requests can be sent. `Authenticated`: the server accepts the credentials; absent when there are none. `AdminApi`: the admin API serves us, as of the last time that it was asked; it is False where Nacos 3 protects it and `auth` is not set, while all else works. `FormerInUse`: settings that the connection had before are used on for services that Nacos has not confirmed with those of now, since the time of its transition; absent when the leader uses none. `Terminating`: it is to be deleted, and serves until no resource names it any more. `Relief`: absent while replicas can relieve each other. `PublicNamespaceAmbiguous`: `namespaceId` is `public`, of which the server has two.
   *
   * Items: One aspect of the state.
   */
  conditions?: {
    /**
     * The aspect, in CamelCase.
     */
    type: string;
    /**
     * Whether the aspect holds.
     */
    status: 'True' | 'False' | 'Unknown';
    /**
     * The `metadata.generation` that this condition describes.
     */
    observedGeneration?: number;
    /**
     * When `status` last changed.
     */
    lastTransitionTime: string;
    /**
     * The cause in one CamelCase word.
     */
    reason: string;
    /**
     * The cause in words.
     */
    message: string;
  }[];
  /**
   * The version that the active server reports, e.g. `3.1.0`.
   */
  serverVersion?: string;
  /**
   * The server that the operator talks to now, as `host:port`.
   */
  activeServer?: string;
  /**
   * What the active server can do.
   */
  capabilities?: {
    /**
     * Whether persistent instances can be registered over gRPC.
     */
    persistentByGrpc?: boolean;
    /**
     * Whether the server announces new dataIds that match a pattern.
     */
    fuzzyWatch?: boolean;
    /**
     * The newest admin API that the server has.
     */
    adminApi?: 'v1' | 'v2' | 'v3';
  };
  /**
   * How many resources use this connection.
   */
  resources?: number;
}
