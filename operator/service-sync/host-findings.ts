/**
 * What is not as we sent it in what Nacos shows of a service. Pure.
 *
 *   a host …                                                              is
 *   of this cluster, among our instances, as we sent it                   in order
 *   of this cluster, among our instances, with other values               an `override`: somebody has changed it in Nacos
 *   of this cluster, not among ours, but of another export                `shared`
 *   of this cluster, not among ours, or there twice                       a `ghost`
 *   not of this cluster, at the address of one of ours                    a `twin`: an application registers itself, too
 *   that we sent as enabled, and that is not shown                        an `override` of `enabled`
 *
 * Nacos shows what is enabled only. What a console user sets is kept apart from what is published, and wins over it.
 */
import type { Host, Instance } from '../nacos/index.ts';
import { METADATA_KEYS } from '../api/names.ts';
import { ownValue } from '../kube/own-value.ts';
import { memberText } from './problem.ts';

export type HostFinding =
  | { readonly kind: 'ghost' | 'twin'; readonly member: string }
  | { readonly kind: 'shared'; readonly member: string; readonly by: OtherPublisher }
  | {
      readonly kind: 'override';
      readonly member: string;
      readonly field: string;
      readonly sent: string;
      readonly shown: string;
    };

/** An export of this cluster that publishes a host in the same service. */
export interface OtherPublisher {
  readonly exportId: string;
  /** Among all that want a name. */
  readonly rank: string;
}

interface Question {
  readonly hosts: readonly Host[];
  /** As we sent them. */
  readonly instances: readonly Instance[];
  readonly clusterId: string;
  /** Whether all that we sent must be there by now. */
  readonly isConfirmed: boolean;
  readonly publisherOf: (host: Host) => OtherPublisher | undefined;
}

export function findingsOf({ clusterId, hosts, instances, isConfirmed, publisherOf }: Question): HostFinding[] {
  const [ours, foreign] = [[] as Host[], [] as Host[]];
  for (const host of hosts) (host.metadata[METADATA_KEYS.cluster] === clusterId ? ours : foreign).push(host);
  const shown = Map.groupBy(ours, placeOf);
  const sent = new Map(instances.map((instance) => [placeOf(instance), instance]));
  const addresses = new Set(instances.map(memberText));
  const unwanted = [...shown].flatMap(([place, [host, ...more]]): HostFinding[] => {
    if (host === undefined || (sent.has(place) && more.length === 0)) return [];
    const by = sent.has(place) ? undefined : publisherOf(host);
    const member = memberText(host);
    return by === undefined ? [{ kind: 'ghost', member }] : [{ kind: 'shared', member, by }];
  });
  const twins = [...new Set(foreign.map(memberText))].filter((member) => addresses.has(member));
  const overrides = [...sent].flatMap(([place, instance]): HostFinding[] => {
    const [host, ...more] = shown.get(place) ?? [];
    if (more.length > 0) return [];
    if (host !== undefined) return differences(instance, host);
    const isHidden = instance.enabled && isConfirmed;
    return isHidden ? [overrideOf(instance, 'enabled', 'true', 'false')] : [];
  });
  return [...unwanted, ...twins.map((member): HostFinding => ({ kind: 'twin', member })), ...overrides];
}

function differences(sent: Instance, shown: Host): HostFinding[] {
  const found: HostFinding[] = [];
  if (!sent.enabled) found.push(overrideOf(sent, 'enabled', 'false', 'true'));
  if (sent.weight !== shown.weight) found.push(overrideOf(sent, 'weight', String(sent.weight), String(shown.weight)));
  const keys = new Set([...Object.keys(sent.metadata), ...Object.keys(shown.metadata)]);
  const changed = [...keys].toSorted().filter((key) => ownValue(sent.metadata, key) !== ownValue(shown.metadata, key));
  const valueOf = (value: string | undefined): string => (value === undefined ? '(none)' : value.slice(0, 100));
  for (const key of changed) {
    const values = [sent, shown].map(({ metadata }) => valueOf(ownValue(metadata, key))) as [string, string];
    found.push(overrideOf(sent, `metadata.${key}`, ...values));
  }
  return found;
}

function overrideOf(instance: Instance, field: string, sent: string, shown: string): HostFinding {
  return { kind: 'override', member: memberText(instance), field, sent, shown };
}

function placeOf({ ip, port, clusterName }: Instance): string {
  return `${ip} ${port} ${clusterName}`;
}
