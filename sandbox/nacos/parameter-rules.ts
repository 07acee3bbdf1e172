/**
 * The rules for names and instances that servers check before they look at a request, in the servers' words. Blank values
 * pass: what misses a name is found by the operation itself.
 */
import { Refusal } from './refusal.ts';

/** As sent, unchecked: strings from HTTP, any JSON from gRPC. */
export interface CheckedParameters {
  readonly namespaceId?: unknown;
  readonly dataId?: unknown;
  readonly serviceName?: unknown;
  readonly group?: unknown;
  /** Several, separated by commas. */
  readonly clusters?: unknown;
  readonly cluster?: unknown;
  readonly ip?: unknown;
  readonly port?: unknown;
  readonly metadata?: unknown;
}

const idPattern = /^[a-zA-Z0-9-_:.]*$/;
const maxPort = 65_535;
const maxMetadataLength = 1_024;

/** @throws Refusal for the first that breaks a rule. */
export function checkParameters(given: CheckedParameters): void {
  checkName('namespaceId/tenant', given.namespaceId, 64, /^[\w-]+$/);
  checkName('dataId', given.dataId, 256, idPattern);
  checkName('serviceName', given.serviceName, 512, /^(?!@).((?!@@)[^\u4E00-\u9FA5\s])*$/);
  checkName('group', given.group, 128, idPattern);
  const clusters = typeof given.clusters === 'string' ? given.clusters.split(',') : [];
  for (const cluster of [...clusters, given.cluster]) checkName('cluster', cluster, 64, /^[0-9a-zA-Z-_]+$/);
  checkName('ip', given.ip, 128, /^[^\u4E00-\u9FA5\s]*$/);
  checkPort(given.port);
  checkMetadata(given.metadata);
}

function checkName(name: string, value: unknown, maxLength: number, pattern: RegExp): void {
  if (typeof value !== 'string' || value.trim() === '') return;
  if (value.length > maxLength) throw illegal(name, `the param length should not exceed ${maxLength}`);
  if (!pattern.test(value)) throw illegal(name, 'illegal characters should not appear in the param');
}

function checkPort(value: unknown): void {
  if (value === undefined || value === null || value === '') return;
  const port = Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= maxPort) return;
  throw illegal('port', `the value should be between 0 and ${maxPort}`);
}

function checkMetadata(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  let length = 0;
  for (const [key, text] of Object.entries(value)) length += key.length + String(text ?? '').length;
  if (length > maxMetadataLength) throw illegal('Metadata', `the param length should not exceed ${maxMetadataLength}`);
}

function illegal(name: string, rule: string): Refusal {
  return new Refusal('parameter validate error', `Param check invalid:Param '${name}' is illegal, ${rule}.`);
}
