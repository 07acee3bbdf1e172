/**
 * The parameters of an HTTP call, with the defaults and the words of refusal of each family of paths.
 */
import type { HttpRequest } from '../http-route.ts';
import { defaultCluster } from './host.ts';
import type { Instance } from './host.ts';
import { checkParameters } from './parameter-rules.ts';
import { MalformedRequest, MissingParameter, Refusal } from './refusal.ts';
import { groupedName, parseGroupedName } from './service-key.ts';
import type { ServiceKey } from './service-key.ts';

export type Family = 'v1' | 'v2' | 'v3';

const publicNamespace = 'public';
const defaultGroup = 'DEFAULT_GROUP';
const maxWeight = 10_000;

export class HttpParameters {
  readonly family: Family;
  readonly #given: HttpRequest['parameters'];
  readonly #method: string;

  /** @throws IllegalParameter for a name that breaks a rule. */
  constructor(family: Family, { method, parameters }: HttpRequest) {
    this.family = family;
    this.#given = parameters;
    this.#method = method;
    checkParameters({
      namespaceId: this.text('namespaceId'),
      serviceName: family === 'v1' ? parseGroupedName(this.text('serviceName')).name : this.text('serviceName'),
      group: this.text('groupName'),
      clusters: this.text('clusters'),
      cluster: this.text('clusterName') || this.text('cluster'),
      ip: this.text('ip'),
      port: this.text('port'),
      metadata: this.text('metadata') === '' ? undefined : parseMetadata(this.text('metadata')),
    });
  }

  /** Blank is as good as missing. */
  text(name: string, otherwise = ''): string {
    const text = this.#given[name]?.trim() ?? '';
    return text === '' ? otherwise : text;
  }

  /** @throws Refusal or MissingParameter when it is missing. */
  required(name: string, type = 'String'): string {
    const text = this.text(name);
    if (text !== '') return text;
    if (this.family === 'v2' && ['GET', 'PATCH'].includes(this.#method)) throw new MissingParameter(name);
    const words = this.family === 'v1' ? 'is required.' : `type ${type} is not present`;
    const subject = this.family === 'v1' ? 'Param' : 'Required parameter';
    throw new Refusal('parameter missing', `${subject} '${name}' ${words}`);
  }

  isTrue(name: string, otherwise = false): boolean {
    return this.text(name, String(otherwise)).toLowerCase() === 'true';
  }

  number(name: string, otherwise: number): number {
    const number = Number(this.text(name, String(otherwise)));
    if (Number.isFinite(number)) return number;
    throw new Refusal('parameter validate error', `Parameter '${name}' must be a number`);
  }

  /** @throws Refusal for a page that is not positive. */
  page(): { pageNo: number; pageSize: number } {
    const page = { pageNo: this.number('pageNo', 1), pageSize: this.number('pageSize', 100) };
    if (this.family !== 'v3') return page;
    for (const [name, value] of Object.entries(page)) {
      if (value > 0) continue;
      const rule = `Required parameter '${name}' should be positive integer, current is ${value}`;
      throw new Refusal('parameter validate error', rule);
    }
    return page;
  }

  get namespaceId(): string {
    return this.text('namespaceId', publicNamespace);
  }

  get group(): string {
    return this.text('groupName', defaultGroup);
  }

  /** v1 takes `group@@name` as well as a bare name. */
  get service(): ServiceKey {
    const given = this.required('serviceName');
    const { namespaceId } = this;
    if (this.family === 'v1' && given.includes('@@')) return { namespaceId, ...parseGroupedName(given) };
    return { namespaceId, group: this.group, name: given };
  }

  get clusterName(): string {
    return this.text('clusterName') || this.text('cluster', defaultCluster);
  }

  get address(): Pick<Instance, 'ip' | 'port' | 'clusterName'> {
    return { ip: this.required('ip'), port: Number(this.required('port', 'Integer')), clusterName: this.clusterName };
  }

  get metadata(): Record<string, string> {
    return parseMetadata(this.text('metadata'));
  }

  /** @throws Refusal when it is out of range. */
  get weight(): number {
    const weight = this.number('weight', 1);
    if (weight >= 0 && weight <= maxWeight) return weight;
    throw new Refusal('weight error', 'instance format invalid: The weights range from 0.0 to 10000.0');
  }

  get isEphemeral(): boolean {
    return this.isTrue('ephemeral', true);
  }

  /** The instance that the call describes. */
  instance(service: ServiceKey): Instance {
    const { address, isEphemeral, metadata, weight } = this;
    const serviceName = groupedName(service);
    const { clusterName, ip, port } = address;
    return {
      // Only v1 gives instances over HTTP an id.
      ...(this.family === 'v1' && { instanceId: `${ip}#${port}#${clusterName}#${serviceName}` }),
      ...address,
      weight,
      healthy: this.isTrue('healthy', true),
      enabled: this.isTrue('enabled', this.isTrue('enable', true)),
      ephemeral: isEphemeral,
      serviceName,
      metadata,
    };
  }
}

/** JSON, or `k=v,k2=v2`. @throws MalformedRequest */
function parseMetadata(text: string): Record<string, string> {
  if (text === '') return {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) {
      return Object.fromEntries(Object.entries(parsed).map(([key, value]) => [key, String(value)]));
    }
  } catch {
    // Not JSON.
  }
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [key = '', value, ...more] = pair.split('=');
      if (value === undefined || more.length > 0) throw new MalformedRequest(`metadata format incorrect:${text}`);
      return [key, value];
    }),
  );
}
