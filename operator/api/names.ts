/**
 * The names that other programs and people see: in manifests, in `kubectl`, in Nacos and in Prometheus.
 * They are part of the interface; changing one breaks installations.
 */

export const API_GROUP = 'bridge.nacos.io';
export const API_VERSION = 'v1alpha1';

/** Field manager of every server-side apply. */
export const FIELD_MANAGER = 'nacos-bridge';

/** On a resource whose deletion must reach Nacos first. */
export const FINALIZER = `${API_GROUP}/nacos`;

/** On a NacosConfig that has keys in an object of others, which must be taken back before it goes. */
export const MERGE_FINALIZER = `${API_GROUP}/merged-keys`;

/** On a connection, for as long as resources refer to it. */
export const IN_USE_FINALIZER = `${API_GROUP}/in-use`;

/** `"true"` lets a resource go although Nacos could not be told; an event records it. */
export const FORCE_FINALIZE_ANNOTATION = `${API_GROUP}/force-finalize`;

/** On a NacosConnection: `"true"` has nothing held with settings that it had before, such as credentials that have leaked. */
export const DROP_FORMER_ANNOTATION = `${API_GROUP}/drop-former`;

/** On a NacosConfig: the MD5 of the content to keep in a conflict; it is removed when it has decided one. */
export const KEEP_ANNOTATION = `${API_GROUP}/keep`;

/** On a mirror, and on a ConfigMap that a NacosConfigSync with a rollout writes: the MD5 of the content that was written. */
export const CONTENT_MD5_ANNOTATION = `${API_GROUP}/content-md5`;

/** On a ConfigMap or a Secret: `"true"` lets NacosConfigs merge keys into it (`mirror.mode: Merge`). */
export const ALLOW_MERGE_ANNOTATION = `${API_GROUP}/allow-merge`;

/** On a mirror that outlives its NacosConfig: the name of that. */
export const MIRRORED_BY_ANNOTATION = `${API_GROUP}/mirrored-by`;

/** On the same: when the content was last replaced by other content, in RFC 3339; absent when it never was. */
export const CHANGED_AT_ANNOTATION = `${API_GROUP}/changed-at`;

/** On a ConfigMap of users: the name of the NacosConfigSync with a rollout that has written it last. */
export const WRITTEN_BY_ANNOTATION = `${API_GROUP}/written-by`;

/** On a workload: `"disabled"` keeps it from being restarted when what is mirrored for it has changed. */
export const ROLLOUT_ANNOTATION = `${API_GROUP}/rollout`;

/**
 * On a workload, followed by the name of a NacosConfig, or by the kind and the name of an object that a NacosConfigSync
 * writes: the MD5, keyed for a Secret, and the form of the mirror that it was last restarted for.
 */
export const ROLLED_OUT_ANNOTATION_PREFIX = `${API_GROUP}/rolled-out.`;

/** On a Service: `"true"` publishes it in Nacos without a NacosService. */
export const EXPORT_ANNOTATION = `${API_GROUP}/export`;

/** On a Service that is published by its annotation: the name, the group and the connection to use. */
export const SERVICE_NAME_ANNOTATION = `${API_GROUP}/service-name`;
export const GROUP_ANNOTATION = `${API_GROUP}/group`;
export const CONNECTION_ANNOTATION = `${API_GROUP}/connection`;

/** On a pod: its weight in Nacos, a decimal number from 0 to 10000, where a NacosService lets annotations count. */
export const WEIGHT_ANNOTATION = `${API_GROUP}/weight`;

/** On a resource that the guard against mass deletion has stopped: lets it withdraw what it no longer selects. */
export const CONFIRM_DELETION_ANNOTATION = `${API_GROUP}/confirm-deletion`;

/** Metadata of every instance in Nacos: where it comes from. */
export const METADATA_KEYS = {
  cluster: 'k8s.cluster',
  namespace: 'k8s.namespace',
  service: 'k8s.service',
  zone: 'k8s.zone',
} as const;

export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';
export const MANAGED_BY = 'nacos-bridge';

/** On a mirror: its mere presence says that the operator writes the object. */
export const MIRROR_LABEL = `${API_GROUP}/mirror`;

/** On a NacosConfig: the name of the NacosConfigSync that made it. */
export const SYNC_LABEL = `${API_GROUP}/sync`;

/** On the Lease of a replica: the number of the format in which it publishes services. */
export const PUBLICATION_FORMAT_ANNOTATION = `${API_GROUP}/publication-format`;

/** On the Lease of a replica: how many connections have published something by it that is in Nacos now. */
export const CONFIRMED_CONNECTIONS_ANNOTATION = `${API_GROUP}/confirmed-connections`;

/** On the Lease of a replica: its installation, and a digest of the options that change what is published. */
export const SCOPE_ANNOTATION = `${API_GROUP}/scope`;

/** What the operator writes as `src_user` in Nacos starts with this; sixteen hex digits follow. */
export const OWNER_MARK_PREFIX = 'nacos-bridge-';

/** In each Nacos namespace that we publish to: the id of the place, which nobody may change; no config of anybody's. */
export const PLACE_CONFIG = { group: 'nacos-bridge-system', dataId: 'nacos-bridge-place' } as const;

/** Nacos' own, and the default of `group` in every resource. */
export const DEFAULT_GROUP = 'DEFAULT_GROUP';

export const METRICS_PREFIX = 'nacos_bridge_';
