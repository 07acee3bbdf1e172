/**
 * What every feature is given, and what it gives in return. A feature puts itself together in the `feature.ts` of its
 * folder, by one function from a FeatureContext to a Feature; operator.ts calls them and hands the parts to the manager.
 */
import type { Registry } from 'prom-client';
import { sleep, type Clock } from './clock.ts';
import type { ConnectionUser } from './connections/connection-user.ts';
import type { KubeClient } from './kube/client.ts';
import type { EventRecorder } from './kube/events.ts';
import type { KubeMetrics } from './kube/metrics.ts';
import type { ReflectorFactory } from './kube/reflector-factory.ts';
import type { Logger } from './logger.ts';
import type { HealthCheck } from './runtime/health-check.ts';
import type { RuntimeMetrics } from './runtime/metrics.ts';
import type { Runnable } from './runtime/runnable.ts';
import type { Term } from './runtime/term.ts';

export interface FeatureContext {
  readonly kube: KubeClient;
  readonly reflectors: ReflectorFactory;
  readonly events: EventRecorder;
  /** What this cluster is called in Nacos; known once the caches are synced. */
  readonly clusterId: () => string;
  /** Name of this replica. */
  readonly identity: string;
  /** Objects of one kind that are reconciled at once. */
  readonly concurrency: number;
  /** Where a feature registers metrics of its own. */
  readonly registry: Registry;
  readonly kubeMetrics: KubeMetrics;
  readonly runtimeMetrics: RuntimeMetrics;
  readonly log: Logger;
  readonly clock: Clock;
}

/** All that a feature does, in the order in which the manager starts it. */
export interface Feature {
  /** Waited for before anything else begins. */
  readonly caches?: readonly Runnable[];
  /** What all replicas do, whoever leads. */
  readonly everyReplica?: readonly Runnable[];
  /** What the leader alone does, made anew for each term. */
  readonly leader?: (term: Term) => readonly Runnable[];
  /** What a replica must have done to be Ready. */
  readonly readyz?: readonly HealthCheck[];
  /** Its answers to what connections ask. */
  readonly connectionUser?: ConnectionUser;
  /** Ends what keeps the process alive, also when a start failed. */
  readonly close?: () => Promise<void>;
}

/** What has not ended by then ends with the process. */
const CLOSE_LIMIT_MS = 5000;

export async function closeAll(features: readonly Feature[], clock: Clock): Promise<void> {
  const closed = Promise.all(features.map(async (feature) => feature.close?.()));
  await Promise.race([closed, sleep(clock, CLOSE_LIMIT_MS)]);
}
