/** How a NacosConfig stands on both sides: its row, and what it is made of. */
import type { NacosConfig } from '../../../operator/api/resources.ts';
import { connectionOf, sourceOf } from '../../../operator/config-sync/intent.ts';
import { findCondition } from '../../../operator/kube/conditions.ts';
import { type ConfigKey, type ConfigObservation, describeKey, keyText, md5Of } from '../../../operator/nacos/index.ts';
import type { RowContext, RowSource } from './row-book.ts';
import type { SideFacts } from './row.ts';

export type ReadKey = (configMap: string, key: string) => string | undefined;

export function configSource(config: NacosConfig, context: RowContext): RowSource<ConfigObservation> {
  const { nacos, nacosNamespaceOf, nameOf, view } = context;
  const { name, namespace } = config.metadata;
  const namespaceId = nacosNamespaceOf(connectionOf(config));
  const address = namespaceId === undefined ? undefined : addressOf(config, namespaceId);
  const read: ReadKey = (configMap, key) => view.configMaps.get(`${namespace}/${configMap}`)?.data?.[key];
  const key = `NacosConfig ${namespace}/${name}`;
  return {
    key,
    place: address && keyText(address),
    watch: (changed) => nacos.config.watch(address as ConfigKey, changed),
    facts: (seen, isGone) => ({
      key,
      object: `ncfg/${nameOf(config)}`,
      remote: address ? describeKey(address) : 'another server',
      kubernetes: isGone ? { text: 'deleted', fingerprint: '' } : kubernetesSide(config, read),
      nacos: nacosSide(seen, isGone),
      isGone,
    }),
  };
}

/** The dataId that it is about. `connectionNamespaceId` is of its connection. */
export function addressOf({ spec, metadata }: NacosConfig, connectionNamespaceId: string): ConfigKey {
  return {
    namespaceId: spec.namespaceId ?? connectionNamespaceId,
    group: spec.group ?? 'DEFAULT_GROUP',
    dataId: spec.dataId ?? metadata.name,
  };
}

/** What Kubernetes holds of it: the declared content, or what was mirrored. */
export function heldContent(config: NacosConfig, read: ReadKey): string | undefined {
  const { spec, metadata } = config;
  if (sourceOf(config) === 'Nacos') {
    const target = spec.mirror?.configMap;
    return target && read(target.name, target.key ?? spec.dataId ?? metadata.name);
  }
  const reference = spec.contentFrom?.configMapKeyRef;
  // What a Secret holds is not looked at.
  if (spec.contentFrom?.secretKeyRef) return undefined;
  return reference ? read(reference.name, reference.key) : spec.content;
}

function kubernetesSide(config: NacosConfig, read: ReadKey): SideFacts {
  const content = heldContent(config, read);
  const text = config.metadata.deletionTimestamp ? 'deleting' : readiness(config);
  const isUnseen = config.spec.contentFrom?.secretKeyRef !== undefined;
  return { text, fingerprint: content === undefined ? (isUnseen ? undefined : '') : md5Of(content) };
}

/** The reason of the condition Ready, which says what is wrong if something is. */
function readiness({ status, metadata }: NacosConfig): string {
  const ready = findCondition(status?.conditions, 'Ready');
  if (!ready || ready.observedGeneration !== metadata.generation) return 'pending';
  const drifted = findCondition(status?.conditions, 'Drifted');
  return drifted?.status === 'True' ? drifted.reason : ready.reason;
}

function nacosSide(observation: ConfigObservation | undefined, isGone: boolean): SideFacts {
  if (!observation) return { text: '', fingerprint: undefined };
  if (observation.kind === 'absent') return { text: 'absent', fingerprint: '' };
  const { content, md5 } = observation.snapshot;
  return { text: `${isGone ? 'still ' : ''}${Buffer.byteLength(content)} bytes`, fingerprint: md5 };
}
