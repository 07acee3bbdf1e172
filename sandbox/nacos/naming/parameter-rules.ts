/**
 * The rules for names and instances that servers check before they look at a request (2.3 and newer). One bad member of a
 * batch refuses the whole, and nothing has changed. Blank values are never refused here.
 */
import { IllegalParameter } from './refusal.ts';

/** As sent, unchecked: strings from HTTP, any JSON from gRPC. */
export interface CheckedParameters {
  readonly namespaceId?: unknown;
  readonly serviceName?: unknown;
  readonly group?: unknown;
  /** Several, separated by commas. */
  readonly clusters?: unknown;
  readonly cluster?: unknown;
  readonly ip?: unknown;
  readonly port?: unknown;
  readonly metadata?: unknown;
}

interface NameRule {
  readonly name: string;
  readonly maxLength: number;
  readonly pattern: RegExp;
}

const rules = {
  namespaceId: { name: 'namespaceId/tenant', maxLength: 64, pattern: /^[\w-]+$/ },
  serviceName: { name: 'serviceName', maxLength: 512, pattern: /^(?!@).((?!@@)[^\u4E00-\u9FA5\s])*$/ },
  group: { name: 'group', maxLength: 128, pattern: /^[a-zA-Z0-9-_:.]*$/ },
  cluster: { name: 'cluster', maxLength: 64, pattern: /^[0-9a-zA-Z-_]+$/ },
  ip: { name: 'ip', maxLength: 128, pattern: /^[^\u4E00-\u9FA5\s]*$/ },
} as const satisfies Record<string, NameRule>;

const maxPort = 65_535;
const maxMetadataLength = 1_024;

/** @throws IllegalParameter for the first that breaks a rule. */
export function checkParameters(parameters: CheckedParameters): void {
  checkName(rules.namespaceId, parameters.namespaceId);
  checkName(rules.serviceName, parameters.serviceName);
  checkName(rules.group, parameters.group);
  if (typeof parameters.clusters === 'string') {
    for (const cluster of parameters.clusters.split(',')) checkName(rules.cluster, cluster);
  }
  checkName(rules.cluster, parameters.cluster);
  checkName(rules.ip, parameters.ip);
  checkPort(parameters.port);
  checkMetadata(parameters.metadata);
}

function checkName({ name, maxLength, pattern }: NameRule, value: unknown): void {
  if (typeof value !== 'string' || value.trim() === '') return;
  if (value.length > maxLength) throw new IllegalParameter(name, `the param length should not exceed ${maxLength}`);
  if (!pattern.test(value)) throw new IllegalParameter(name, 'illegal characters should not appear in the param');
}

function checkPort(value: unknown): void {
  if (value === undefined || value === null || value === '') return;
  const port = Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= maxPort) return;
  throw new IllegalParameter('port', `the value should be between 0 and ${maxPort}`);
}

function checkMetadata(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  let length = 0;
  for (const [key, text] of Object.entries(value)) length += key.length + String(text ?? '').length;
  if (length <= maxMetadataLength) return;
  throw new IllegalParameter('Metadata', `the param length should not exceed ${maxMetadataLength}`);
}
