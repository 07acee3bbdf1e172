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
   * The side that decides about the content. `Kubernetes`: it is declared here and published to Nacos. `Nacos`: it is read there and mirrored. `Both`: a key of a ConfigMap and the dataId follow each other. Without it: `Kubernetes` when `content` or `contentFrom` is given, else `Nacos`. It cannot be changed.
   */
  source?: 'Kubernetes' | 'Nacos' | 'Both';
  /**
   * The content to publish, byte for byte. It must not be blank, and the whole resource must fit into the size limit of the API server, about 1.5 MB.
   */
  content?: string;
  /**
   * Where the content to publish is, when it is not in `content`.
   */
  contentFrom?: {
    /**
     * A key of a Secret in the same namespace. Its changes are published at once. It needs `allowSecretExport`.
     */
    secretKeyRef?: {
      /**
       * The name of the Secret.
       */
      name: string;
      /**
       * The key in the Secret.
       */
      key: string;
      /**
       * How the content appears in Nacos. `Text`: as it is, which must be UTF-8. `Base64`: the bytes of the key in Base64, as nacos-controller publishes Secrets.
       */
      encoding: 'Text' | 'Base64';
    };
    /**
     * A key of a ConfigMap in the same namespace. Its changes are published at once. With `source: Both` the operator writes this key, and creates it when it is not there.
     */
    configMapKeyRef?: {
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
   * What is checked before anything is sent to Nacos, and before anything that Nacos holds is written into a ConfigMap or a Secret. Until the content is right, the other side stays as it is.
   */
  validation: {
    /**
     * Whether content that is not valid in its format is refused, with line and column. `html` and `text` are always valid.
     */
    syntax: boolean;
    /**
     * The most bytes that the content may have, in UTF-8. Nacos itself takes about 9 MiB.
     */
    maxBytes?: number;
    /**
     * A JSON Schema (draft 2020-12) that the content must satisfy, parsed as its format says: JSON, YAML (each document) or TOML, or properties as an object of strings. `$ref` reaches within the schema only. A check that takes more than 5 s of processor time, or 160 MB, is given up with the reason `ValidationTooSlow`.
     */
    jsonSchema?: {};
  };
  /**
   * Whether the content of a Secret may be published to Nacos, where everybody who may read the dataId sees it.
   */
  allowSecretExport: boolean;
  /**
   * What happens when somebody edits in Nacos what is declared here. `Revert` publishes the declared content again; `Report` leaves the edit and sets the condition `Drifted`; `Adopt` writes the edit to where the content is declared, unless it was changed there as well, which is a conflict.
   */
  driftPolicy: 'Revert' | 'Report' | 'Adopt';
  /**
   * What happens with `source: Both` when both sides have changed since they were last equal. `Manual` changes neither and reports a conflict, which the annotation `bridge.nacos.io/keep` decides by the MD5 of the content to keep; `PreferKubernetes` and `PreferNacos` let that side win.
   */
  conflictPolicy: 'Manual' | 'PreferKubernetes' | 'PreferNacos';
  /**
   * Where to write what Nacos holds. The object is created and owned by this resource, and put back when it is edited or deleted. Required when the content comes from Nacos.
   */
  mirror?: {
    /**
     * `File`: the content is one key, as it is. `Env`: each entry of the content (properties, or flat YAML, JSON or TOML) becomes a key of its own, as `envFrom` reads them.
     */
    format: 'File' | 'Env';
    /**
     * Whether each content gets an immutable object of its own, named by `name`, a hyphen and a hash of the content (`status.mirrorName`). Those of `historyLimit` former contents are kept, and those that a pod or a pod template still names; older ones are deleted.
     */
    immutable: boolean;
    /**
     * Whose the object is. `Own`: it is made by this resource, which controls it. `Merge`: it is somebody else's, who allows it by the annotation `bridge.nacos.io/allow-merge: "true"`, and only keys are written that nobody else has there. Without this field it is `Own`.
     */
    mode?: 'Own' | 'Merge';
    /**
     * Labels of the object, besides those that the operator sets itself and those that others set.
     */
    labels?: {
      /**
       * The value of one label.
       */
      [k: string]: string;
    };
    /**
     * Annotations of the object, besides those that the operator sets itself and those that others set.
     */
    annotations?: {
      /**
       * The value of one annotation.
       */
      [k: string]: string;
    };
    /**
     * What becomes of the object when this resource is deleted. `Delete`: it goes as well. `Keep`: it stays as it is, with the annotation `bridge.nacos.io/mirrored-by`, and a NacosConfig of the same name takes it up again. Without this field it goes. With `mode: Merge` that is said of the keys.
     */
    onDelete?: 'Delete' | 'Keep';
    /**
     * How many objects of former contents are kept although nothing names them, when `immutable` is true; 1 without it.
     */
    historyLimit?: number;
    /**
     * A Secret in the same namespace.
     */
    secret?: {
      /**
       * The name of the Secret. One that exists and belongs to somebody else is left as it is. When the name changes, the Secret of the former name is deleted.
       */
      name: string;
      /**
       * The key in the Secret; without it the dataId.
       */
      key?: string;
      /**
       * The type of the Secret, such as `kubernetes.io/tls`, whose keys it must then have; `Opaque` without it. The type of a Secret that is there cannot change: delete that one, or name another.
       */
      type?: string;
    };
    /**
     * A ConfigMap in the same namespace.
     */
    configMap?: {
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
   * Which workloads to restart when what is mirrored has changed, as `kubectl rollout restart` does. Once for each burst of changes, and not because the operator restarts. A workload with the annotation `bridge.nacos.io/rollout: "disabled"` is left alone, and a paused Deployment is restarted once it is resumed.
   */
  rollout?: {
    /**
     * Workloads in the same namespace.
     *
     * Items: One workload.
     */
    workloads?: {
      /**
       * Its kind. Of a CronJob no Job is started or ended: the next one has the new content. `Rollout` is the one of Argo Rollouts.
       */
      kind: 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'CronJob' | 'Rollout';
      /**
       * Its name.
       */
      name: string;
    }[];
    /**
     * All workloads of the namespace, of the kinds that `workloads` has, whose pods mount or read the mirrored object.
     */
    auto: boolean;
    /**
     * How long nothing must have changed before workloads are restarted, in seconds.
     */
    debounceSeconds: number;
  };
  /**
   * Tags of the config in Nacos. Without this list the tags that Nacos holds stay; an empty one takes them away.
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
   * What happens in Nacos when this resource is deleted. `Delete` removes the dataId if this resource was the last to write it; `Retain` leaves it. With `source: Nacos` and `source: Both` it always stays.
   */
  deletionPolicy: 'Delete' | 'Retain';
  /**
   * What happens when the dataId exists and was not published by this resource. `Fail` changes nothing: other content is a conflict, and equal content is in sync but not ours (`Owned` is False), so that deleting the resource leaves it and an edit here is a conflict. `Adopt` takes both over, but not back from another NacosConfig that has adopted it since.
   */
  adoptionPolicy: 'Fail' | 'Adopt';
  /**
   * Stops all writes for this resource, on both sides, until it is set back. A deletion that would remove the dataId from Nacos waits.
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
  source?: 'Kubernetes' | 'Nacos' | 'Both';
  /**
   * The MD5 of the content that is declared in Kubernetes; of content in a Secret none is told.
   */
  observedMd5?: string;
  /**
   * The MD5 of the content that Nacos holds; of content in a Secret none is told.
   */
  nacosMd5?: string;
  /**
   * The MD5 of the content that both sides last had in common; later differences are judged against it. Of content in a Secret none is told.
   */
  syncedMd5?: string;
  /**
   * Where both sides had that in common. What was in common in one Nacos counts for nothing in another one.
   */
  syncedPlace?: {
    /**
     * What the Nacos namespace is known by: the content of its dataId `nacos-bridge-place`. Where it can neither be read nor made, the servers tell.
     */
    id?: string;
    /**
     * The Nacos namespace; without it the public one.
     */
    namespaceId?: string;
    /**
     * HOST:PORT of the servers that the connection was given.
     *
     * Items: A server.
     */
    servers: string[];
  };
  /**
   * The name of the object that holds the mirror, also when it has a hash of the content.
   */
  mirrorName?: string;
  /**
   * The kinds of the objects that hold the mirror, or former mirrors which could not be removed yet. No watch tells of Secrets when the mirror is in none any more.
   *
   * Items: A kind.
   */
  mirrorKinds?: ('ConfigMap' | 'Secret')[];
  /**
   * When both sides were last made equal.
   */
  lastSyncTime?: string;
  /**
   * `Ready`: everything that was asked for is done. `Synced`: both sides hold the same content. `Drifted`: Nacos holds something else than what is declared. `Owned`: this resource wrote the content to Nacos; where it did not, deleting it leaves the dataId. `Mirrored`: the mirror holds what Nacos holds. `RolledOut`: the workloads of `rollout` that were found were told to restart since the mirror last changed. `PublicNamespaceAmbiguous`: `namespaceId` is `public`, of which the server has two.
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
