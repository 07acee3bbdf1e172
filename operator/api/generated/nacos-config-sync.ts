// Generated from crds/bridge.nacos.io_nacosconfigsyncs.yaml by `npm run generate`; do not edit.

/**
 * What is synchronised, how the two sides name it, and what to do about differences.
 */
export interface NacosConfigSyncSpec {
  /**
   * The connection to use, in the same namespace. Without it the operator's default connection is used. With another one all items become other ones.
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
   * The id of the Nacos namespace; without it the namespace of the connection. Empty and `public` both mean the public namespace.
   */
  namespaceId?: string;
  /**
   * The side that decides about the content. `Kubernetes`: the keys of the selected objects are published. `Nacos`: the dataIds that match are mirrored into objects that this resource owns. `Both`: keys of ConfigMaps and dataIds follow each other. It cannot be changed.
   */
  source: 'Kubernetes' | 'Nacos' | 'Both';
  /**
   * The objects, all in the namespace of this resource. Mirrors that the operator writes are never among them.
   */
  kubernetes?: {
    /**
     * The kinds of objects.
     *
     * Items: A kind of objects.
     */
    kinds: ('ConfigMap' | 'Secret')[];
    /**
     * All objects whose labels match both `matchLabels` and `matchExpressions`, also those that come later. A selector that matches everything is refused; `all` says that.
     */
    selector?: {
      /**
       * Labels that an object must have, with these values.
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
    /**
     * Whether all objects of the namespace are meant, but for those that have a controller, which are somebody's product, `kube-root-ca.crt`, Secrets of a type other than `Opaque`, and the Secrets of connections.
     */
    all: boolean;
    /**
     * The names of the objects that are meant, whatever their labels are.
     *
     * Items: A name.
     */
    names?: string[];
    /**
     * What is never meant, whatever chooses it and on whichever side it is found: patterns of names of objects, or of `NAME/KEY`.
     *
     * Items: A pattern, in which `*` stands for any number of characters.
     */
    exclude?: string[];
    /**
     * Whether the content of Secrets may be published to Nacos, where everybody who may read the dataIds sees it.
     */
    allowSecretExport: boolean;
  };
  /**
   * The dataIds to look for. What does not fit the mapping is left alone in any case.
   */
  nacos?: {
    /**
     * Patterns of groups, one of which must match. Without them every group counts that the mapping allows.
     *
     * Items: A group, in which `*` stands for any number of characters.
     */
    groups?: string[];
    /**
     * Patterns of dataIds, one of which must match. Without them every dataId counts that the mapping allows.
     *
     * Items: A dataId, in which `*` stands for any number of characters.
     */
    dataIds?: string[];
  };
  /**
   * Which key of which object belongs to which dataId in which group.
   */
  mapping: {
    /**
     * `ObjectPerGroup`: the keys of ConfigMap NAME are the dataIds of the group `configmap.NAME`, and those of Secret NAME, in Base64, the dataIds of `secret.NAME`. `SingleObject`: the keys of the object `objectName` are the dataIds of `group`. Without it the templates below decide.
     */
    preset?: 'ObjectPerGroup' | 'SingleObject';
    /**
     * With `SingleObject` the name of the object. With `source: Nacos` a template of the name, in which `{group}`, `{dataId}` and `{namespace}` (of this resource) are replaced.
     */
    objectName?: string;
    /**
     * With `source: Nacos` a template of the key, like `objectName`; without it `{dataId}`.
     */
    key?: string;
    /**
     * With `SingleObject` the group, without it `DEFAULT_GROUP`. With `source: Kubernetes` and `source: Both` a template of the group, in which `{name}` and `{key}` of the object, `{kind}` (`configmap` or `secret`) and `{namespace}` are replaced.
     */
    group?: string;
    /**
     * With `source: Kubernetes` and `source: Both` a template of the dataId, like `group`; without it `{key}`.
     */
    dataId?: string;
  };
  /**
   * The formats of contents, which Nacos shows and `validation` checks: the first pattern that matches the dataId decides. Where none does, its extension decides, and `text` when it has none of these.
   *
   * Items: The format of some dataIds.
   */
  formats?: {
    /**
     * A dataId, in which `*` stands for any number of characters.
     */
    dataId: string;
    /**
     * The format.
     */
    format: 'yaml' | 'json' | 'properties' | 'toml' | 'xml' | 'html' | 'text';
  }[];
  /**
   * What is checked before anything is sent to Nacos; with `source: Both` also what comes from there.
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
   * With `source: Kubernetes`: what happens when somebody edits in Nacos what is published from here, as for a NacosConfig.
   */
  driftPolicy: 'Revert' | 'Report' | 'Adopt';
  /**
   * With `source: Both`: what happens when both sides of an item have changed since they were last equal, as for a NacosConfig.
   */
  conflictPolicy: 'Manual' | 'PreferKubernetes' | 'PreferNacos';
  /**
   * What happens when a dataId exists and was not published by this resource, as for a NacosConfig. `Fail` changes nothing: other content is a conflict, and equal content is in sync until it is edited here, which is a conflict then. `Adopt` takes both over.
   */
  adoptionPolicy: 'Fail' | 'Adopt';
  /**
   * Whether workloads are restarted when this resource has written other content into the objects that they use, as `kubectl rollout restart` does. Once for each burst of changes, and not because the operator restarts, nor for what users write into an object themselves. A workload with the annotation `bridge.nacos.io/rollout: "disabled"` is left alone, and a paused Deployment is restarted once it is resumed.
   */
  rollout?: {
    /**
     * Whether all Deployments, StatefulSets, DaemonSets, CronJobs and Argo Rollouts of the namespace are restarted whose pods mount or read an object that this resource has written.
     */
    auto: boolean;
    /**
     * How long nothing must have been written into the objects that a workload uses before it is restarted, in seconds.
     */
    debounceSeconds: number;
  };
  /**
   * Whether what disappears on the side that decides is removed on the other side, too: a dataId when its key, its object or the object's label goes, a key when its dataId goes. Otherwise it stays there.
   */
  syncDeletion: boolean;
  /**
   * What happens in Nacos when this resource is deleted. `Delete` removes each dataId whose content is still the one last synced; `Retain` leaves them. With `source: Nacos` and `source: Both` they always stay.
   */
  deletionPolicy: 'Delete' | 'Retain';
  /**
   * Stops all writes for this resource, on both sides, until it is set back.
   */
  suspend: boolean;
}

/**
 * What the operator last saw. It is written by the operator alone.
 */
export interface NacosConfigSyncStatus {
  /**
   * The `metadata.generation` that this status describes.
   */
  observedGeneration?: number;
  /**
   * How dataIds are found in Nacos. `FuzzyWatch`: the server tells. `Listing`: they are listed again and again, because the server cannot tell or there are too many for it.
   */
  discovery?: 'FuzzyWatch' | 'Listing';
  /**
   * How many items there are. An item is a key of an object and the dataId that belongs to it.
   */
  items?: {
    /**
     * All items.
     */
    total: number;
    /**
     * Equal on both sides.
     */
    synced: number;
    /**
     * On their way.
     */
    pending: number;
    /**
     * Claimed by another owner, or changed on both sides.
     */
    conflicts: number;
    /**
     * With content that the other side cannot hold, or that breaks a rule of `validation`.
     */
    invalid: number;
    /**
     * Not in line for another reason, which `problems` tell.
     */
    failing: number;
    /**
     * With a name that is not legal on the other side, or that another item has there already.
     */
    skipped: number;
  };
  /**
   * A hash over the names and contents of all items in sync, equal for equal ones.
   */
  digest?: string;
  /**
   * The Nacos whose dataIds the objects hold, with `source: Nacos`. What another one does not have is not removed before that is confirmed.
   */
  place?: {
    /**
     * What the Nacos namespace is known by: the content of its dataId `nacos-bridge-place`. Where it cannot be read, the servers tell.
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
   * The worst ten problems.
   *
   * Items: One problem.
   */
  problems?: {
    /**
     * The object, as `ConfigMap/NAME` or `Secret/NAME`.
     */
    object?: string;
    /**
     * The key in the object.
     */
    key?: string;
    /**
     * The group in Nacos.
     */
    group?: string;
    /**
     * The dataId in Nacos.
     */
    dataId?: string;
    /**
     * What it counts as; `Taken` is one that a NacosConfig declares, and counts as skipped.
     */
    state?: 'Conflict' | 'Failing' | 'Invalid' | 'Skipped' | 'Taken';
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
   * `Ready`: everything that was asked for is done. `Synced`: all items that can be synchronised are. `DeletionGuard`: more than half of at least ten items would be removed at once, so nothing is removed until the annotation `bridge.nacos.io/confirm-deletion` confirms it. `RolledOut`: the workloads of `rollout` that were found were told to restart since the objects that they use were last written. `PublicNamespaceAmbiguous`: `namespaceId` is `public`, of which the server has two.
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
