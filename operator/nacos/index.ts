/**
 * The Nacos client: its only door. Nothing outside this folder imports past this file.
 */
export type { ConfigDetail } from './admin/admin-api.ts';
export { NacosClient } from './client.ts';
export type { NacosClientOptions } from './client-options.ts';
export { errorOf } from './client-state.ts';
export type { ClientState } from './client-state.ts';
export type { ConfigPublishOptions } from './config/config-api.ts';
export type { ConfigDiscovery } from './config/config-discoveries.ts';
export { describeKey, keyText, normaliseNamespaceId } from './config/config-key.ts';
export type { ConfigKey } from './config/config-key.ts';
export { matcherOf, nameText, wildcard } from './config/config-pattern.ts';
export type { ConfigName, ConfigPattern } from './config/config-pattern.ts';
export { absentMd5, md5Of } from './config/config-snapshot.ts';
export type { ConfigObservation, VersionObservation } from './config/config-snapshot.ts';
export type { PublicNamespace } from './config/public-namespace.ts';
export type { ConfigWatch, VersionWatch } from './config/config-watch.ts';
export type { DiscoveryChange } from './config/discovery-state.ts';
export type { NacosMetrics } from './metrics.ts';
export type { NamingClient } from './naming/naming-client.ts';
export { describeService, serviceText } from './naming/naming-service-key.ts';
export type { NamingSubscription } from './naming/naming-subscriptions.ts';
export type { Host, Instance, ServiceInfo, ServiceKey } from './naming/naming-types.ts';
export type { Credentials } from './transport/login.ts';
export { decodePayload, encodePayload } from './transport/payload.ts';
export type { Payload } from './transport/payload.ts';
export { grpcTarget, hostAndPort, httpBase, parseServerAddresses } from './transport/server-address.ts';
export type { ServerAddress } from './transport/server-address.ts';
