/** Who leads: whoever holds the Lease that is called as the release; and, for now, the Lease's former name besides. */
import { FIELD_MANAGER } from '../api/names.ts';
import type { Clock } from '../clock.ts';
import type { Feature } from '../feature.ts';
import type { KubeClient } from '../kube/client.ts';
import { KubeLeaseLock } from '../kube/lease-lock.ts';
import type { Logger } from '../logger.ts';
import type { RuntimeMetrics } from '../runtime/metrics.ts';
import { FormerLease } from './former-lease.ts';

interface ElectionOptions {
  namespace: string;
  leaseName: string;
  identity: string;
  metrics: RuntimeMetrics;
  clock: Clock;
  log: Logger;
}

/** `client` is used for nothing else: a renewal never waits behind other calls. */
export function createElection(client: KubeClient, { leaseName, namespace, ...common }: ElectionOptions) {
  const lockOf = (name: string) => new KubeLeaseLock({ client, namespace, name, fieldManager: FIELD_MANAGER });
  const leadership = { ...common, lock: lockOf(leaseName), name: FIELD_MANAGER };
  const former = () => new FormerLease({ ...common, lock: lockOf(FIELD_MANAGER), leaseName });
  const feature: Feature = { leader: () => (leaseName === FIELD_MANAGER ? [] : [former()]) };
  return { ...feature, leadership };
}
