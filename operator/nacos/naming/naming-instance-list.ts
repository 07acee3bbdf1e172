/**
 * The instances of a service as they are sent: one canonical form, so that equal lists are equal bytes.
 *
 * A server shows equal instances of several connections as one and compares every field, so every field is sent, in a
 * fixed order and with sorted metadata, and nothing that could differ between two publishers of the same list. The
 * instance id is left to the server, which derives it from what is compared anyway.
 */
import type { JsonObject } from '../transport/json-object.ts';
import type { Instance, ServiceKey } from './naming-types.ts';

export interface InstanceList {
  readonly service: ServiceKey;
  /** As sent, in the order given. */
  readonly instances: readonly JsonObject[];
  /** Equal for equal lists of a service, and only for them. */
  readonly text: string;
}

export function instanceList(service: ServiceKey, instances: readonly Instance[]): InstanceList {
  const sent = instances.map((instance) => wireInstance(service, instance, true));
  return { service, instances: sent, text: JSON.stringify(sent) };
}

export function wireInstance(service: ServiceKey, instance: Instance, ephemeral: boolean): JsonObject {
  const { ip, port, weight, healthy, enabled, clusterName, metadata } = instance;
  const { serviceName } = service;
  return { ip, port, weight, healthy, enabled, ephemeral, clusterName, serviceName, metadata: sorted(metadata) };
}

/** By code unit, which no locale changes. */
function sorted(metadata: Instance['metadata']): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)));
}
