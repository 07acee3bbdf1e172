/** Configs, from Kubernetes to Nacos and from Nacos to Kubernetes. */
import { NACOS_CONFIG, type NacosConfig } from '../../../operator/api/resources.ts';
import { CONFIG_MAP, type ConfigMap } from '../../../operator/config-sync/mirror/data-object.ts';
import { findCondition } from '../../../operator/kube/conditions.ts';
import type { KubeObject } from '../../../operator/kube/resource.ts';
import { ResourceClient } from '../../../operator/kube/resource-client.ts';
import { type ConfigKey, describeKey } from '../../../operator/nacos/index.ts';
import { configsOf } from '../examples.ts';
import { SANDBOX_MANAGER } from '../manifest-client.ts';
import { addressOf, heldContent } from '../observed/config-facts.ts';
import { isOurs } from '../observed/kubernetes-view.ts';
import type { Sandbox } from '../sandbox.ts';
import type { Check } from './check.ts';

/** Of the examples. */
const edited = { name: 'orders.yaml', group: 'shop', content: 'orders:\n  currency: CHF\n  retries: 5\n' };
const mirrored = { name: 'features', group: 'shop', dataId: 'features.json', content: '{"newCheckout": true}' };

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
      for (const example of declared) {
        const key = addressOf(example, sandbox.nacosNamespace);
        await sandbox.until(() => {
          const config = sandbox.view.configs.get(`${sandbox.namespace}/${example.metadata.name}`);
          const content = config && heldContent(config, (name, dataKey) => readConfigMap(sandbox, name, dataKey));
          return content === undefined ? `${example.metadata.name} declares nothing` : differs(sandbox, key, content);
        });
      }
      return `${declared.length} configs`;
    },
  },
  {
    name: 'an edit in Kubernetes arrives in Nacos',
    async run(sandbox) {
      const key = { namespaceId: sandbox.nacosNamespace, group: edited.group, dataId: edited.name };
      const configs = new ResourceClient<NacosConfig>(sandbox.kubernetes.client, NACOS_CONFIG);
      const patch = { spec: { content: edited.content } };
      await configs.mergePatch(edited.name, sandbox.namespace, patch, { fieldManager: SANDBOX_MANAGER });
      await sandbox.until(() => differs(sandbox, key, edited.content));
    },
  },
  {
    name: 'a publish in Nacos arrives in the mirrored ConfigMap',
    async run(sandbox) {
      const key = { namespaceId: sandbox.nacosNamespace, group: mirrored.group, dataId: mirrored.dataId };
      const { config } = sandbox.nacos.client;
      await config.publish(key, mirrored.content, { cas: 'none', type: 'json', srcUser: 'sandbox' });
      await sandbox.until(() => mirrorDiffers(sandbox));
    },
  },
  {
    name: 'an edit of the mirrored ConfigMap by hand is put back',
    async run(sandbox) {
      const configMaps = new ResourceClient<ConfigMap>(sandbox.kubernetes.client, CONFIG_MAP);
      const before = mirrorOf(sandbox)?.metadata.resourceVersion;
      const patch = { data: { [mirrored.dataId]: '{}' } };
      const options = { fieldManager: SANDBOX_MANAGER };
      const broken = await configMaps.mergePatch(mirrored.name, sandbox.namespace, patch, options);
      const versions = [before, broken.metadata.resourceVersion];
      await sandbox.until(() => {
        const isLater = !versions.includes(mirrorOf(sandbox)?.metadata.resourceVersion);
        return isLater ? mirrorDiffers(sandbox) : `the ConfigMap ${mirrored.name} holds what was written by hand`;
      });
    },
  },
];

function firstNotReady(sandbox: Sandbox): string | undefined {
  for (const example of sandbox.examples.filter(isOurs)) {
    const { kind, metadata } = example;
    const found = sandbox.view
      .resources()
      .find((object) => object.kind === kind && isSame(object, sandbox.namespace, metadata.name));
    const ready = findCondition(found?.status?.conditions, 'Ready');
    if (ready?.status === 'True' && ready.observedGeneration === found?.metadata.generation) continue;
    const why = ready ? `${ready.reason}: ${ready.message}` : 'it has no such condition';
    return `${kind} ${metadata.name} is not Ready, ${why}`;
  }
  return undefined;
}

function isSame({ metadata }: KubeObject, namespace: string, name: string): boolean {
  return metadata.namespace === namespace && metadata.name === name;
}

function differs(sandbox: Sandbox, key: ConfigKey, content: string): string | undefined {
  const observation = sandbox.seenInNacos.config(key);
  if (!observation) return `${describeKey(key)} cannot be read from Nacos`;
  if (observation.kind === 'absent') return `${describeKey(key)} is not in Nacos`;
  return observation.snapshot.content === content ? undefined : `${describeKey(key)} has another content in Nacos`;
}

function readConfigMap(sandbox: Sandbox, name: string, key: string): string | undefined {
  return sandbox.view.configMaps.get(`${sandbox.namespace}/${name}`)?.data?.[key];
}

function mirrorOf(sandbox: Sandbox): ConfigMap | undefined {
  return sandbox.view.configMaps.get(`${sandbox.namespace}/${mirrored.name}`);
}

function mirrorDiffers(sandbox: Sandbox): string | undefined {
  const mirror = mirrorOf(sandbox);
  if (!mirror) return `the ConfigMap ${mirrored.name} is missing`;
  const isEqual = mirror.data?.[mirrored.dataId] === mirrored.content;
  return isEqual ? undefined : `the ConfigMap ${mirrored.name} does not hold what was published in Nacos`;
}
