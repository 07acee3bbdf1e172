/**
 * Reads what a server says of a service. The order of hosts has no meaning in Nacos and changes between two answers, so
 * it is made a fixed one here, and two answers can be compared.
 */
import { isJsonObject, type JsonObject, listOf, numberOf, textOf } from '../transport/json-object.ts';
import type { Host, ServiceInfo } from './naming-types.ts';

/** Of `serviceInfo` in a response or push; what is no object counts as a service without hosts. */
export function parseServiceInfo(value: unknown): ServiceInfo {
  const info = isJsonObject(value) ? value : {};
  const hosts = listOf(info['hosts']).filter(isJsonObject).map(parseHost);
  return {
    hosts: hosts
      .map((host) => [JSON.stringify(host), host] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, host]) => host),
    lastRefTimeMs: numberOf(info['lastRefTime']),
    reachProtectionThreshold: info['reachProtectionThreshold'] === true,
  };
}

/** Whether both say the same, at whatever time. */
export function saysTheSame(a: ServiceInfo, b: ServiceInfo): boolean {
  if (a.reachProtectionThreshold !== b.reachProtectionThreshold || a.hosts.length !== b.hosts.length) return false;
  return JSON.stringify(a.hosts) === JSON.stringify(b.hosts);
}

function parseHost(host: JsonObject): Host {
  return {
    ip: textOf(host['ip']),
    port: numberOf(host['port']),
    weight: numberOf(host['weight']),
    healthy: host['healthy'] !== false,
    enabled: host['enabled'] !== false,
    clusterName: textOf(host['clusterName']),
    metadata: parseMetadata(host['metadata']),
    instanceId: textOf(host['instanceId']),
    ephemeral: host['ephemeral'] !== false,
  };
}

function parseMetadata(value: unknown): Record<string, string> {
  if (!isJsonObject(value)) return {};
  const entries = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
