/** What becomes of a dataId when its resource is deleted. */
import { NACOS_CONFIG, type NacosConfig } from '../../../operator/api/resources.ts';
import { ResourceClient } from '../../../operator/kube/resource-client.ts';
import type { Sandbox } from '../sandbox.ts';
import type { Check } from './check.ts';

const group = 'shop';
/** Of the examples: a resource with the policy Delete, whose dataId has its name, and one with the policy Retain. */
const removed = 'orders.yaml';
const retained = { name: 'tax-rates', dataId: 'tax-rates.toml' };

export const deletionChecks: readonly Check[] = [
  {
    name: 'the dataId of a NacosConfig that is deleted leaves Nacos',
    async run(sandbox) {
      // Before the other one, so that a removal that should not be would have happened when the other one is done.
      await deleteConfig(sandbox, retained.name);
      await deleteConfig(sandbox, removed);
      const key = { namespaceId: sandbox.nacosNamespace, group, dataId: removed };
      await sandbox.until(() =>
        sandbox.seenInNacos.config(key)?.kind === 'absent' ? undefined : `${group}/${removed} is still in Nacos`,
      );
    },
  },
  {
    name: 'the dataId of a deleted one with the policy Retain stays in Nacos',
    async run(sandbox) {
      const key = { namespaceId: sandbox.nacosNamespace, group, dataId: retained.dataId };
      const left = await sandbox.nacos.client.config.query(key);
      if (!left) throw new Error(`${group}/${retained.dataId} was removed from Nacos`);
    },
  },
];

/** Resolves when the resource is gone, finalizer and all. */
async function deleteConfig(sandbox: Sandbox, name: string): Promise<void> {
  const configs = new ResourceClient<NacosConfig>(sandbox.kubernetes.client, NACOS_CONFIG);
  await configs.delete(name, sandbox.namespace);
  const key = `${sandbox.namespace}/${name}`;
  await sandbox.until(() => (sandbox.view.configs.get(key) ? `NacosConfig ${name} is still there` : undefined));
}
