/**
 * An instance as the server holds and sends it.
 *
 * A host is made once, when its instance is registered, with all fields in a fixed order and sorted metadata. What it was
 * made of is not kept.
 */
import type { Generation } from '../generation.ts';
import type { Json } from '../rpc.ts';
import { Refusal } from './refusal.ts';
import { groupedName } from './service-key.ts';
import type { ServiceKey } from './service-key.ts';

/** What is registered. */
export interface Instance {
  /** Instances that are registered over the HTTP APIs from v2 on have none. */
  readonly instanceId?: string;
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

/** With the fields that the server derives from the metadata. */
export type Host = Readonly<Instance> & Json;

export const defaultCluster = 'DEFAULT';

let lastSnowflake = 0n;

/** The generations differ in the order of fields. */
export function createHost(instance: Instance, generation: Generation): Host {
  const { instanceId, ip, port, weight, healthy, enabled, ephemeral, clusterName, serviceName, metadata } = instance;
  const beats = {
    instanceHeartBeatInterval: preserved(metadata, 'heart.beat.interval', 5_000),
    instanceHeartBeatTimeOut: preserved(metadata, 'heart.beat.timeout', 15_000),
    ipDeleteTimeout: preserved(metadata, 'ip.delete.timeout', 30_000),
  };
  const generator = generatorOf(metadata);
  const id = instanceId === undefined ? {} : { instanceId };
  const own = {
    ...id,
    ip,
    port,
    weight,
    healthy,
    enabled,
    ephemeral,
    clusterName,
    serviceName,
    metadata: sorted(metadata),
  };
  return generation === '3.1' ? { ...own, ...beats, ...generator } : { ...own, ...generator, ...beats };
}

/** Whether both say the same in every field. */
export function isSameHost(a: Host, b: Host): boolean {
  return a === b || (isSame(a, b) && isSame(a.metadata, b.metadata));
}

/** Of a gRPC request; what is left out takes the defaults of the official clients. */
export function instanceOf(raw: Json, service: ServiceKey, ephemeral: boolean): Instance {
  const ip = textOf(raw['ip']) ?? '';
  const port = numberOf(raw['port']) ?? 0;
  const metadata = metadataOf(raw['metadata']);
  const cluster = textOf(raw['clusterName']);
  const name = textOf(raw['serviceName'])?.trim() || groupedName(service);
  const isSnowflake = metadata['preserved.instance.id.generator'] === 'snowflake';
  const prefix = isSnowflake ? nextSnowflake() : `${ip}#${port}`;
  return {
    instanceId: textOf(raw['instanceId']) || `${prefix}#${cluster ?? 'null'}#${name}`,
    ip,
    port,
    weight: numberOf(raw['weight']) ?? 1,
    healthy: raw['healthy'] !== false,
    enabled: raw['enabled'] !== false,
    ephemeral,
    clusterName: cluster?.trim() || defaultCluster,
    serviceName: groupedName(service),
    metadata,
  };
}

/** What is checked of a single registration, but not of the members of a batch. @throws Refusal */
export function checkLegal({ clusterName, metadata }: Pick<Instance, 'clusterName' | 'metadata'>): void {
  const interval = preserved(metadata, 'heart.beat.interval', 5_000);
  const limits = [preserved(metadata, 'heart.beat.timeout', 15_000), preserved(metadata, 'ip.delete.timeout', 30_000)];
  if (limits.some((limit) => limit < interval)) {
    const rule = `'heart beat interval' must less than 'heart beat timeout' and 'ip delete timeout'.`;
    throw new Refusal('instance error', `Instance ${rule}`);
  }
  if (/^[0-9a-zA-Z-]+$/.test(clusterName)) return;
  const rule = 'should be characters with only 0-9a-zA-Z-.';
  throw new Refusal('instance error', `Instance 'clusterName' ${rule} (current: ${clusterName})`);
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

/** The server says `simple` only of instances without any metadata. */
function generatorOf(metadata: Instance['metadata']): { instanceIdGenerator?: string } {
  if (Object.keys(metadata).length === 0) return { instanceIdGenerator: 'simple' };
  const generator = metadata['preserved.instance.id.generator'];
  return generator === undefined ? {} : { instanceIdGenerator: generator };
}

function nextSnowflake(): string {
  lastSnowflake += 1n;
  return String((BigInt(Date.now()) << 22n) + lastSnowflake);
}

function metadataOf(value: unknown): Record<string, string> {
  const metadata: Record<string, string> = {};
  if (typeof value !== 'object' || value === null) return metadata;
  for (const [key, text] of Object.entries(value)) metadata[key] = String(text);
  return metadata;
}

/** By code unit, which no locale changes. */
function sorted(metadata: Instance['metadata']): Record<string, string> {
  const result: Record<string, string> = {};
  for (const key of Object.keys(metadata).sort()) result[key] = metadata[key] ?? '';
  return result;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
