// Generated from crds/bridge.nacos.io_nacosconfigs.yaml by `npm run generate`; do not edit.

/**
 * Which dataId, what it holds, and what to do about differences.
 */
export interface NacosConfigSpec {
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
   * The dataId in Nacos; without it the name of this resource. It cannot be changed.
   */
  dataId?: string;
  /**
   * The side that decides about the content. `Kubernetes`: it is declared here and published to Nacos. `Nacos`: it is read there and mirrored. Without it: `Kubernetes` when `content` or `contentFrom` is given, else `Nacos`. It cannot be changed.
   */
  source?: 'Kubernetes' | 'Nacos';
  /**
   * The content to publish, byte for byte. It must not be blank, and the whole resource must fit into the size limit of the API server, about 1.5 MB.
   */
  content?: string;
  /**
   * Where the content to publish is, when it is not in `content`.
   */
  contentFrom?: {
    /**
     * A key of a ConfigMap in the same namespace. Its changes are published at once.
     */
    configMapKeyRef: {
      /**
       * The name of the ConfigMap.
       */
      name: string;
      /**
       * The key in the ConfigMap.
       */
      key: string;
    };
  };
  /**
   * The format of the content, which Nacos shows and `validation` checks. Without it the extension of the dataId decides, and `text` when it has none of these.
   */
  format?: 'yaml' | 'json' | 'properties' | 'toml' | 'xml' | 'html' | 'text';
  /**
   * What is checked before anything is sent to Nacos.
   */
  validation: {
    /**
     * Whether content that is not valid in its format is refused, with line and column. `html` and `text` are always valid.
     */
    syntax: boolean;
  };
  /**
   * What happens when somebody edits in Nacos what is declared here. `Revert` publishes the declared content again; `Report` leaves the edit and sets the condition `Drifted`.
   */
  driftPolicy: 'Revert' | 'Report';
  /**
   * Where to write what Nacos holds. The object is created and owned by this resource, and put back when it is edited or deleted. Required when the content comes from Nacos.
   */
  mirror?: {
    /**
     * A ConfigMap in the same namespace.
     */
    configMap: {
      /**
       * The name of the ConfigMap. One that exists and belongs to somebody else is left as it is. When the name changes, the ConfigMap of the former name is deleted.
       */
      name: string;
      /**
       * The key in the ConfigMap; without it the dataId.
       */
      key?: string;
    };
  };
  /**
   * Tags of the config in Nacos. Nacos allows five; the operator keeps one to mark what it owns. Without this list the tags that Nacos holds stay.
   *
   * Items: A tag without commas and without blanks at its ends.
   */
  tags?: string[];
  /**
   * The description that Nacos shows. Without it the one that Nacos holds stays.
   */
  description?: string;
  /**
   * The name of the application that the config belongs to, as Nacos shows it. Without it the one that Nacos holds stays.
   */
  appName?: string;
  /**
   * What happens in Nacos when this resource is deleted. `Delete` removes the dataId if its content is still the one last synced; `Retain` leaves it. With `source: Nacos` it always stays.
   */
  deletionPolicy: 'Delete' | 'Retain';
  /**
   * What happens when the dataId exists with other content and was not published by this resource. `Fail` changes nothing and reports a conflict; `Adopt` takes it over.
   */
  adoptionPolicy: 'Fail' | 'Adopt';
  /**
   * Stops all writes for this resource, on both sides, until it is set back.
   */
  suspend: boolean;
}

/**
 * What the operator last saw. It is written by the operator alone.
 */
export interface NacosConfigStatus {
  /**
   * The `metadata.generation` that this status describes.
   */
  observedGeneration?: number;
  /**
   * The dataId in Nacos, also when `spec.dataId` is not set.
   */
  dataId?: string;
  /**
   * The side that decides about the content, also when `spec.source` is not set.
   */
  source?: 'Kubernetes' | 'Nacos';
  /**
   * The MD5 of the content that is declared in Kubernetes.
   */
  observedMd5?: string;
  /**
   * The MD5 of the content that Nacos holds.
   */
  nacosMd5?: string;
  /**
   * The MD5 of the content that both sides last had in common; later differences are judged against it.
   */
  syncedMd5?: string;
  /**
   * When both sides were last made equal.
   */
  lastSyncTime?: string;
  /**
   * `Ready`: everything that was asked for is done. `Synced`: both sides hold the same content. `Drifted`: Nacos holds something else than what is declared. `Mirrored`: the mirror holds what Nacos holds.
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
