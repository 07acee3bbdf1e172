/** Services: what Nacos tells a subscriber of what runs in Kubernetes. */
import { workloadTypes } from '../../../operator/config-sync/rollout/workload-kinds.ts';
import { isBridgeError, messageOf } from '../../../operator/errors.ts';
import { membersOf } from '../../../operator/service-sync/endpoint-slices.ts';
import type { Sandbox } from '../sandbox.ts';
import { LeftOut, type Check } from './check.ts';

const group = 'shop';
/** The Service of an example that brings its endpoints along. */
const byHand = { serviceName: 'shop.orders', addresses: ['192.0.2.10:8080', '192.0.2.11:8080'] };
/** The Deployment, the Service and, in Nacos, the service of an example, which has one replica. */
const scaled = { name: 'storefront', portName: 'http', steps: [3, 0, 1] };
/** Images have to be pulled. */
const podsLimitMs = 60_000;

export const serviceChecks: readonly Check[] = [
  {
    name: 'the instances of an exported Service are in Nacos',
    run: (sandbox) => sandbox.until(() => hostsDiffer(sandbox, byHand.serviceName, byHand.addresses)),
  },
  {
    name: 'scaling a Deployment shows in Nacos',
    async run(sandbox) {
      if (!(await sandbox.kubernetes.runsPods())) throw new LeftOut('the cluster has no node that is Ready');
      for (const replicas of scaled.steps) await scale(sandbox, replicas);
      return `to ${scaled.steps.join(', ')}`;
    },
  },
];

async function scale(sandbox: Sandbox, replicas: number): Promise<void> {
  await sandbox.patch(workloadTypes.Deployment.ref, scaled.name, { spec: { replicas } });
  await podsAreReady(sandbox, replicas);
  await sandbox.until(() => hostsDiffer(sandbox, scaled.name, readyAddresses(sandbox)));
}

/** What pods do on a cluster that is not ours is nothing that we could fail in. */
async function podsAreReady(sandbox: Sandbox, count: number): Promise<void> {
  const missing = () => {
    const ready = readyAddresses(sandbox).length;
    return ready === count ? undefined : `${ready} instead of ${count} pods of ${scaled.name} are ready`;
  };
  if (sandbox.kubernetes.isEmbedded) return sandbox.until(missing);
  try {
    await sandbox.until(missing, podsLimitMs);
  } catch (error) {
    throw isBridgeError(error, 'TIMEOUT') ? new LeftOut(messageOf(error)) : error;
  }
}

function readyAddresses({ namespace, observed }: Sandbox): string[] {
  const members = membersOf(observed.view.slicesOfService(`${namespace}/${scaled.name}`), scaled.portName);
  return members.filter(({ isReady, isTerminating }) => isReady && !isTerminating).map(addressOf);
}

function hostsDiffer(sandbox: Sandbox, serviceName: string, wanted: readonly string[]): string | undefined {
  const info = sandbox.observed.inNacos.service({ namespaceId: sandbox.nacosNamespace, group, serviceName });
  if (!info) return `Nacos does not answer for ${group}/${serviceName}`;
  const found = info.hosts.filter(({ healthy }) => healthy).map(addressOf);
  const isEqual = found.toSorted().join() === wanted.toSorted().join();
  return isEqual ? undefined : `${group}/${serviceName} has ${list(found)} in Nacos instead of ${list(wanted)}`;
}

function addressOf({ ip, port }: { ip: string; port: number }): string {
  return `${ip}:${port}`;
}

function list(addresses: readonly string[]): string {
  return addresses.length === 0 ? 'no instance' : addresses.toSorted().join(', ');
}
