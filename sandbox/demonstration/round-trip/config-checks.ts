/** Configs, from Kubernetes to Nacos and from Nacos to Kubernetes, and what becomes of a dataId when its resource is deleted. */
import { NACOS_CONFIG } from '../../../operator/api/resources.ts';
import { CONFIG_MAP, type ConfigMap } from '../../../operator/config-sync/mirror/data-object.ts';
import { findCondition } from '../../../operator/kube/conditions.ts';
import { type ConfigKey, describeKey } from '../../../operator/nacos/index.ts';
import { configsOf } from '../examples.ts';
import { addressOf, heldContent } from '../observed/config-rows.ts';
import { isOurs } from '../observed/kubernetes-view.ts';
import type { Sandbox } from '../sandbox.ts';
import type { Check } from './check.ts';

/** Of the examples; one with the policy Delete, a mirror, and one with the policy Retain. */
const group = 'shop';
const edited = { name: 'orders.yaml', content: 'orders:\n  currency: CHF\n  retries: 5\n' };
const mirrored = { name: 'features', dataId: 'features.json', content: '{"newCheckout": true}' };
const retained = { name: 'tax-rates', dataId: 'tax-rates.toml' };

export const configChecks: readonly Check[] = [
  {
    name: 'every example has the condition Ready',
    run: (sandbox) => sandbox.until(() => firstNotReady(sandbox)),
  },
  {
    name: 'every declared config is in Nacos with equal content',
    async run(sandbox) {
      const declared = configsOf(sandbox.examples).filter(
        ({ spec }) => spec.source !== 'Nacos' && spec.contentFrom?.secretKeyRef === undefined,
      );
      for (const { metadata } of declared) await sandbox.until(() => declaredDiffers(sandbox, metadata.name));
      return `${declared.length} configs`;
    },
  },
  {
    name: 'an edit in Kubernetes arrives in Nacos',
    async run(sandbox) {
      await sandbox.patch(NACOS_CONFIG, edited.name, { spec: { content: edited.content } });
      await sandbox.until(() => differs(sandbox, keyOf(sandbox, edited.name), edited.content));
    },
  },
  {
    name: 'a publish in Nacos arrives in the mirrored ConfigMap',
    async run(sandbox) {
      const options = { cas: 'none', type: 'json', srcUser: 'sandbox' } as const;
      await sandbox.nacos.client.config.publish(keyOf(sandbox, mirrored.dataId), mirrored.content, options);
      await sandbox.until(() => mirrorDiffers(sandbox));
    },
  },
  {
    name: 'an edit of the mirrored ConfigMap by hand is put back',
    async run(sandbox) {
      const before = mirrorOf(sandbox)?.metadata.resourceVersion;
      const broken = await sandbox.patch(CONFIG_MAP, mirrored.name, { data: { [mirrored.dataId]: '{}' } });
      const versions = [before, broken.metadata.resourceVersion];
      await sandbox.until(() => {
        const isLater = !versions.includes(mirrorOf(sandbox)?.metadata.resourceVersion);
        return isLater ? mirrorDiffers(sandbox) : `the ConfigMap ${mirrored.name} holds what was written by hand`;
      });
    },
  },
];

export const deletionChecks: readonly Check[] = [
  {
    name: 'the dataId of a NacosConfig that is deleted leaves Nacos',
    async run(sandbox) {
      // Before the other one, so that a removal that should not be would have happened when the other one is done.
      await deleteConfig(sandbox, retained.name);
      await deleteConfig(sandbox, edited.name);
      const key = keyOf(sandbox, edited.name);
      await sandbox.until(() =>
        sandbox.observed.inNacos.config(key)?.kind === 'absent'
          ? undefined
          : `${group}/${edited.name} is still in Nacos`,
      );
    },
  },
  {
    name: 'the dataId of a deleted one with the policy Retain stays in Nacos',
    async run(sandbox) {
      const left = await sandbox.nacos.client.config.query(keyOf(sandbox, retained.dataId));
      if (!left) throw new Error(`${group}/${retained.dataId} was removed from Nacos`);
    },
  },
];

function keyOf({ nacosNamespace: namespaceId }: Sandbox, dataId: string): ConfigKey {
  return { namespaceId, group, dataId };
}

function firstNotReady({ examples, namespace, observed }: Sandbox): string | undefined {
  for (const { kind, metadata } of examples.filter(isOurs)) {
    const found = observed.view
      .resources()
      .find((one) => one.kind === kind && one.metadata.namespace === namespace && one.metadata.name === metadata.name);
    const ready = findCondition(found?.status?.conditions, 'Ready');
    if (ready?.status === 'True' && ready.observedGeneration === found?.metadata.generation) continue;
    const why = ready ? `${ready.reason}: ${ready.message}` : 'it has no such condition';
    return `${kind} ${metadata.name} is not Ready, ${why}`;
  }
  return undefined;
}

function declaredDiffers(sandbox: Sandbox, name: string): string | undefined {
  const { nacosNamespace, namespace, observed } = sandbox;
  const { configMaps, configs } = observed.view;
  const config = configs.get(`${namespace}/${name}`);
  const content = config && heldContent(config, (map, key) => configMaps.get(`${namespace}/${map}`)?.data?.[key]);
  if (!config || content === undefined) return `${name} declares nothing`;
  return differs(sandbox, addressOf(config, nacosNamespace), content);
}

function differs(sandbox: Sandbox, key: ConfigKey, content: string): string | undefined {
  const observation = sandbox.observed.inNacos.config(key);
  if (!observation) return `${describeKey(key)} cannot be read from Nacos`;
  if (observation.kind === 'absent') return `${describeKey(key)} is not in Nacos`;
  return observation.snapshot.content === content ? undefined : `${describeKey(key)} has another content in Nacos`;
}

function mirrorOf(sandbox: Sandbox): ConfigMap | undefined {
  return sandbox.observed.view.configMaps.get(`${sandbox.namespace}/${mirrored.name}`);
}

function mirrorDiffers(sandbox: Sandbox): string | undefined {
  const mirror = mirrorOf(sandbox);
  if (!mirror) return `the ConfigMap ${mirrored.name} is missing`;
  const isEqual = mirror.data?.[mirrored.dataId] === mirrored.content;
  return isEqual ? undefined : `the ConfigMap ${mirrored.name} does not hold what was published in Nacos`;
}

/** Resolves when the resource is gone, finalizer and all. */
async function deleteConfig(sandbox: Sandbox, name: string): Promise<void> {
  const { kubernetes, namespace, observed } = sandbox;
  await kubernetes.resource(NACOS_CONFIG).delete(name, namespace);
  await sandbox.until(() =>
    observed.view.configs.get(`${namespace}/${name}`) ? `NacosConfig ${name} is still there` : undefined,
  );
}
