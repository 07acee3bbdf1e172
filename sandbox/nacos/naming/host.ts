/**
 * An instance as the server holds and sends it: made once, when it is registered, with sorted metadata. What it was made of
 * is not kept.
 */
import { checkParameters } from '../parameter-rules.ts';
import { Refusal } from '../refusal.ts';
import { objectOf, textOf } from '../rpc.ts';
import type { Json } from '../rpc.ts';
import { groupedName } from './service-key.ts';
import type { ServiceKey } from './service-key.ts';

/** What is registered. */
export interface Instance {
  readonly instanceId: string;
  readonly ip: string;
  readonly port: number;
  readonly weight: number;
  readonly healthy: boolean;
  readonly enabled: boolean;
  readonly ephemeral: boolean;
  readonly clusterName: string;
  /** With its group. */
  readonly serviceName: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** With what the server derives from the metadata, in milliseconds. */
export interface Host extends Instance, Json {
  readonly instanceHeartBeatInterval: number;
  readonly instanceHeartBeatTimeOut: number;
  readonly ipDeleteTimeout: number;
}

export const defaultCluster = 'DEFAULT';

export function createHost(instance: Instance): Host {
  const { metadata } = instance;
  return {
    ...instance,
    metadata: sorted(metadata),
    instanceHeartBeatInterval: preserved(metadata, 'heart.beat.interval', 5_000),
    instanceHeartBeatTimeOut: preserved(metadata, 'heart.beat.timeout', 15_000),
    ipDeleteTimeout: preserved(metadata, 'ip.delete.timeout', 30_000),
  };
}

/**
 * Of a request; what is left out takes the defaults of the official clients.
 *
 * @throws Refusal when there is none, or something of it breaks a rule.
 */
export function hostOf(given: unknown, service: ServiceKey, ephemeral: boolean): Host {
  const raw = objectOf(given);
  if (!raw) throw new Refusal('server error', 'Instance can not be null.');
  checkParameters({ cluster: raw['clusterName'], ip: raw['ip'], port: raw['port'], metadata: raw['metadata'] });
  const ip = textOf(raw['ip']) ?? '';
  const port = numberOf(raw['port']) ?? 0;
  const cluster = textOf(raw['clusterName'])?.trim();
  const serviceName = groupedName(service);
  return createHost({
    instanceId: textOf(raw['instanceId']) || `${ip}#${port}#${cluster ?? 'null'}#${serviceName}`,
    ip,
    port,
    weight: numberOf(raw['weight']) ?? 1,
    healthy: raw['healthy'] !== false,
    enabled: raw['enabled'] !== false,
    ephemeral,
    clusterName: cluster || defaultCluster,
    serviceName,
    metadata: metadataOf(raw['metadata']),
  });
}

/** Whether both say the same in every field. */
export function isSameHost(a: Host, b: Host): boolean {
  return a === b || (isSame(a, b) && isSame(a.metadata, b.metadata));
}

/** What is checked of a single registration, but not of the members of a batch. @throws Refusal */
export function checkLegal(host: Host): void {
  const { clusterName, instanceHeartBeatInterval: interval, instanceHeartBeatTimeOut, ipDeleteTimeout } = host;
  if (instanceHeartBeatTimeOut < interval || ipDeleteTimeout < interval) {
    const rule = `'heart beat interval' must less than 'heart beat timeout' and 'ip delete timeout'.`;
    throw new Refusal('server error', `Instance ${rule}`);
  }
  if (/^[0-9a-zA-Z-]+$/.test(clusterName)) return;
  const rule = 'should be characters with only 0-9a-zA-Z-.';
  throw new Refusal('server error', `Instance 'clusterName' ${rule} (current: ${clusterName})`);
}

function metadataOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, String(text)]));
}

function preserved(metadata: Instance['metadata'], name: string, otherwise: number): number {
  const text = metadata[`preserved.${name}`];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : otherwise;
}

/** Of two objects, whatever is in those that they hold. */
function isSame(a: Json, b: Json): boolean {
  const fields = Object.keys(a);
  if (fields.length !== Object.keys(b).length) return false;
  return fields.every((field) => typeof a[field] === 'object' || (a[field] === b[field] && field in b));
}

/** By code unit, which no locale changes. */
function sorted(metadata: Instance['metadata']): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
