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

/** On a connection, for as long as resources refer to it. */
export const IN_USE_FINALIZER = `${API_GROUP}/in-use`;

/** `"true"` lets a resource go although Nacos could not be told; an event records it. */
export const FORCE_FINALIZE_ANNOTATION = `${API_GROUP}/force-finalize`;

/** On a mirror: the MD5 of the content that was written, for people and for other tools. */
export const CONTENT_MD5_ANNOTATION = `${API_GROUP}/content-md5`;

export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';
export const MANAGED_BY = 'nacos-bridge';

/** On a mirror: its mere presence says that the operator writes the object. */
export const MIRROR_LABEL = `${API_GROUP}/mirror`;

/** The tag that marks ownership in Nacos starts with this; sixteen hex digits follow. */
export const OWNER_TAG_PREFIX = 'nacos-bridge-';

export const METRICS_PREFIX = 'nacos_bridge_';
