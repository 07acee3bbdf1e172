/**
 * Takes away what a sandbox made on a side that is not ours, while the operator still works: the namespace with all that
 * is in it, the dataIds that Nacos did not have before, and the definitions that the cluster did not have before.
 */
import { NACOS_CONFIG, type NacosConfig } from '../../operator/api/resources.ts';
import { sleep, type Clock } from '../../operator/clock.ts';
import { NAMESPACE } from '../../operator/cluster-identity.ts';
import { BridgeError } from '../../operator/errors.ts';
import type { KubeObject } from '../../operator/kube/resource.ts';
import { ResourceClient } from '../../operator/kube/resource-client.ts';
import type { ConfigKey } from '../../operator/nacos/index.ts';
import { removeDefinitions } from './custom-resources.ts';
import type { KubernetesSide } from './kubernetes-side.ts';
import type { ManifestClient } from './manifest-client.ts';
import type { NacosSide } from './nacos-side.ts';
import type { Manifest } from '../../operator/admission/package-files.ts';

export interface LeftBehind {
  readonly kubernetes: KubernetesSide;
  readonly nacos: NacosSide;
  /** Undefined when it was not made. */
  readonly namespace: string | undefined;
  /** The dataIds that Nacos did not have. */
  readonly keys: readonly ConfigKey[];
  readonly manifests: ManifestClient;
  readonly definitions: readonly Manifest[];
  /** Names of the definitions that were made. */
  readonly made: readonly string[];
  readonly clock: Clock;
}

const limitMs = 30_000;
const pauseMs = 100;

/** @throws TIMEOUT when objects do not go; what is left is named */
export async function cleanUp(left: LeftBehind): Promise<void> {
  if (left.kubernetes.isEmbedded && left.nacos.isEmbedded) return;
  const { kubernetes, namespace } = left;
  if (namespace !== undefined) await (kubernetes.isEmbedded ? deleteConfigs(left) : deleteNamespace(left, namespace));
  if (!left.nacos.isEmbedded) for (const key of left.keys) await left.nacos.client.config.remove(key);
  if (!kubernetes.isEmbedded) await removeDefinitions(left.manifests, left.definitions, left.made);
}

async function deleteNamespace({ kubernetes, clock }: LeftBehind, namespace: string): Promise<void> {
  const namespaces = new ResourceClient<KubeObject>(kubernetes.client, NAMESPACE);
  await namespaces.delete(namespace);
  await gone(`the namespace ${namespace}`, clock, async () => (await namespaces.get(namespace)) === undefined);
}

/** An embedded cluster ends with us, but its configs have to leave a Nacos that does not. */
async function deleteConfigs({ kubernetes, clock }: LeftBehind): Promise<void> {
  const configs = new ResourceClient<NacosConfig>(kubernetes.client, NACOS_CONFIG);
  for (const { metadata } of (await configs.list()).items) await configs.delete(metadata.name, metadata.namespace);
  await gone('NacosConfigs', clock, async () => (await configs.list()).items.length === 0);
}

async function gone(what: string, clock: Clock, isGone: () => Promise<boolean>): Promise<void> {
  const endMs = clock.monotonic() + limitMs;
  while (!(await isGone())) {
    if (clock.monotonic() > endMs) throw new BridgeError('TIMEOUT', `${what} not gone within ${limitMs} ms`);
    await sleep(clock, pauseMs);
  }
}
