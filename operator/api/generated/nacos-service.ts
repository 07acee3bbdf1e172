// Generated from crds/bridge.nacos.io_nacosservices.yaml by `npm run generate`; do not edit.

/**
 * Which Services, under which names, and what their instances say.
 */
export interface NacosServiceSpec {
  /**
   * The connection to use, in the same namespace. Without it the operator's default connection is used. It cannot be changed.
   */
  connectionRef?: {
    /**
     * The kind of the connection.
     */
    kind: 'NacosConnection';
    /**
     * The name of the connection.
     */
    name: string;
  };
  /**
   * The id of the Nacos namespace; without it the namespace of the connection. Empty and `public` both mean the public namespace. It cannot be changed.
   */
  namespaceId?: string;
  /**
   * The group in Nacos. It cannot be changed.
   */
  group: string;
  /**
   * The Services to publish, all in the namespace of this resource. Exactly one of the fields is set. It cannot be changed.
   */
  source: {
    /**
     * One Service.
     */
    serviceRef?: {
      /**
       * The name of the Service. It need not exist yet.
       */
      name: string;
    };
    /**
     * All Services whose labels match both `matchLabels` and `matchExpressions`, also those that come later. A selector that matches everything is refused.
     */
    serviceSelector?: {
      /**
       * Labels that a Service must have, with these values.
       */
      matchLabels?: {
        /**
         * The value of the label.
         */
        [k: string]: string;
      };
      /**
       * Conditions on labels, all of which must hold.
       *
       * Items: A condition on one label.
       */
      matchExpressions?: {
        /**
         * The key of the label.
         */
        key: string;
        /**
         * What must be true of the label. `NotIn` also holds where the label is absent.
         */
        operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
        /**
         * The values that `In` and `NotIn` compare with.
         *
         * Items: A value of the label.
         */
        values?: string[];
      }[];
    };
  };
  /**
   * The name in Nacos, in which `{service}` stands for the name of the Service; ASCII without blanks, and no other braces. The first port has this name, each other one the name with `-` and the name of the port after it.
   */
  serviceName: string;
  /**
   * The ports to publish; without this list all TCP ports, in the order of the Service. With `source.serviceSelector` a Service need not have each of these ports.
   *
   * Items: A port, by its name or by its number in the Service.
   */
  ports?: {
    /**
     * The name of the port in the Service.
     */
    name?: string;
    /**
     * The port of the Service, not the one that its pods listen on.
     */
    number?: number;
    /**
     * The name in Nacos for this port, a template as `serviceName` above. Without it the rule there holds.
     */
    serviceName?: string;
  }[];
  /**
   * The families of addresses to publish. Without it the first one of the Service: a dual-stack pod is one instance, unless both are named here.
   *
   * Items: A family.
   */
  ipFamilies?: ('IPv4' | 'IPv6')[];
  /**
   * How an endpoint that is not ready appears. `Healthy`: it stays listed with `healthy=false`. `Enabled`: it stays listed with `enabled=false`. `Remove`: it is not listed.
   */
  readiness: 'Healthy' | 'Enabled' | 'Remove';
  /**
   * The weight of every instance; 0 takes them out of load balancing.
   */
  weight: number;
  /**
   * The cluster of the instances within their service in Nacos. Without it, and without `clusterNameFrom`, it is `DEFAULT`.
   */
  clusterName?: string;
  /**
   * Takes the name of the cluster from each endpoint. `Zone` is its zone, and `DEFAULT` where it has none.
   */
  clusterNameFrom?: 'Zone';
  /**
   * Metadata of every instance. Nacos allows 1024 characters for all keys and values of an instance, those that the operator adds included.
   */
  metadata?: {
    /**
     * The value of the key.
     */
    [k: string]: string;
  };
  /**
   * Metadata that is different for each instance.
   */
  metadataFrom?: {
    /**
     * Keys of labels of the pod to copy, where the pod has them.
     *
     * Items: The key of a label.
     */
    labels: string[];
  };
  /**
   * Whether annotations of the pods count. `Use`: `bridge.nacos.io/weight`, a decimal number from 0 to 10000, replaces `weight` for that pod, and `bridge.nacos.io/export: "false"` leaves that pod out.
   */
  podAnnotations: 'Ignore' | 'Use';
  /**
   * What becomes of an address that an application has registered itself in the same service, so that it stands there twice. `Report`: it is told in `problems`. `Yield`: it is left to the application for as long as that keeps it registered and healthy.
   */
  selfRegistered: 'Report' | 'Yield';
}

/**
 * What the operator last saw. It is written by the operator alone.
 */
export interface NacosServiceStatus {
  /**
   * The `metadata.generation` that this status describes.
   */
  observedGeneration?: number;
  /**
   * How many Services of Kubernetes this resource publishes, each with all its ports.
   */
  services?: number;
  /**
   * The instances of these Services. An endpoint counts once for each port that is published.
   */
  instances?: {
    /**
     * How many there are in Kubernetes.
     */
    total: number;
    /**
     * How many of them are ready, and not terminating.
     */
    ready: number;
    /**
     * How many of them are terminating, and so published with `enabled=false`.
     */
    draining: number;
    /**
     * How many of them Nacos has confirmed, in whatever state. The others wait (`pending`), are refused, or are left out: because they are not ready (`readiness` is `Remove`), because they are to be, or for a reason that `problems` names.
     */
    published: number;
    /**
     * How many of them were sent, or are to be, and are not confirmed yet.
     */
    pending?: number;
  };
  /**
   * How many instances Nacos lists with the mark of this cluster that should not be there.
   */
  ghosts?: number;
  /**
   * Where these are, at most ten of them.
   *
   * Items: One of them.
   */
  ghostHosts?: {
    /**
     * The name of the Service in Kubernetes.
     */
    service: string;
    /**
     * Address and port of the instance.
     */
    member: string;
  }[];
  /**
   * How many instances stand there twice, because an application has registered the same address itself.
   */
  twins?: number;
  /**
   * Where these are, at most ten of them.
   *
   * Items: One of them.
   */
  twinHosts?: {
    /**
     * The name of the Service in Kubernetes.
     */
    service: string;
    /**
     * Address and port of the instance.
     */
    member: string;
  }[];
  /**
   * What somebody has changed in Nacos, at most ten of them; there it wins over what is published here.
   *
   * Items: One value.
   */
  overrides?: {
    /**
     * The name of the Service in Kubernetes.
     */
    service: string;
    /**
     * Address and port of the instance.
     */
    member: string;
    /**
     * `enabled`, `weight`, or `metadata.` with a key.
     */
    field: string;
    /**
     * What the operator has sent.
     */
    sent: string;
    /**
     * What Nacos tells its clients.
     */
    shown: string;
  }[];
  /**
   * What could not be published as it was asked for and why, at most ten of them. Everything else is published.
   *
   * Items: One problem.
   */
  problems?: {
    /**
     * The name of the Service in Kubernetes.
     */
    service: string;
    /**
     * Address and port of the instance; without it the problem is one of the whole service.
     */
    member?: string;
    /**
     * The field that holds the value, e.g. `metadata` or `serviceName`.
     */
    field: string;
    /**
     * The value and the rule it breaks.
     */
    message: string;
  }[];
  /**
   * `Ready`: everything that was asked for is done. `Published`: Nacos has confirmed every service. `Overridden`: somebody has changed instances in Nacos, which wins over what is published. `DeletionGuard`: the selector would withdraw more than half of at least ten Services at once, so nothing is withdrawn until the annotation `bridge.nacos.io/confirm-deletion` confirms it.
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
}
