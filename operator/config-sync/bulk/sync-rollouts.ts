/**
 * `rollout` of NacosConfigSyncs: workloads are restarted once what a sync has written into the objects that they use has changed.
 *
 * Guarantees, besides those of restarts.ts
 * - Once for a burst: a workload is restarted when none of its objects has been written for the debounce time; the workloads
 *   of the namespace are read once for all objects that have changed.
 * - Objects and workloads tell what is to be done (written-object.ts, rollout-plan.ts): a restart of the operator restarts
 *   nothing, and a change that it slept through is rolled out.
 */
import type { NacosConfigSync } from '../../api/resources.ts';
import type { Verdict } from '../../kube/conditions.ts';
import { objectKey, parseKey, type KubeObject } from '../../kube/resource.ts';
import type { Store, StoreChange } from '../../kube/store.ts';
import { Controller, type ReconcileContext } from '../../runtime/controller.ts';
import { desiredChanged } from '../../runtime/predicates.ts';
import { rollingOut } from '../caches.ts';
import type { MirrorKind } from '../mirror/mirror-target.ts';
import { verdictBefore } from '../report.ts';
import type { Restarts } from '../rollout/restarts.ts';
import { debounceLeftMs } from '../rollout/rollout-plan.ts';
import { restartedEvent, waitingVerdict, writtenWords as words } from '../rollout/rollout-report.ts';
import { noteOf, rolloutOf, targetsOf } from '../rollout/written-object.ts';
import type { SyncReporterOptions } from './sync-reporter.ts';

export interface SyncRolloutsOptions extends Omit<SyncReporterOptions, 'syncClient'> {
  readonly restarts: Restarts;
  /** Says whether `user` needs the metadata of Secrets. */
  readonly requireSecrets: (user: object, isNeeded: boolean) => void;
  /** Objects as metadata. */
  readonly metadata: Readonly<Record<MirrorKind, Store<KubeObject>>>;
}

const GATHER_MS = 500;
const LOOK_AGAIN_MS = 30_000;
/** Workloads may have come that use an object. */
const RESYNC_MS = 1_800_000;
const kinds = ['ConfigMap', 'Secret'] as const;

export class SyncRollouts {
  readonly controller: Controller;
  readonly #options: SyncRolloutsOptions;
  readonly #onVerdict: (key: string) => void;
  #unsubscribe: (() => void)[] = [];
  readonly #verdicts = new Map<string, Verdict>();

  /** `onVerdict` is told the key of a sync. */
  constructor(options: SyncRolloutsOptions, onVerdict: (key: string) => void) {
    const { clock, log, runtimeMetrics: metrics } = options;
    this.#options = options;
    this.#onVerdict = onVerdict;
    const reconcile = (key: string, context: ReconcileContext) => this.#roll(key, context);
    const name = 'nacosconfigsync-rollout';
    this.controller = new Controller({ name, reconcile, concurrency: 2, log, clock, metrics });
  }

  start(): void {
    const { metadata, syncs } = this.#options;
    this.#unsubscribe = [
      syncs.onChange(({ key, previous, current }) => desiredChanged(previous, current) && this.#begin(key)),
      ...kinds.map((kind) => metadata[kind].onChange((change) => this.#objectChanged(kind, change))),
    ];
    for (const key of syncs.keys()) this.#begin(key);
  }

  stop(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#options.requireSecrets(this, false);
  }

  /** Undefined where there is no rollout. */
  verdict(key: string): Verdict | undefined {
    const sync = this.#options.syncs.get(key);
    return sync && rolloutOf(sync) && (this.#verdicts.get(key) ?? verdictBefore(sync, 'RolledOut'));
  }

  #begin(key: string): void {
    const { requireSecrets, syncs } = this.#options;
    const needsSecrets = (sync: NacosConfigSync) => rolloutOf(sync) && kindsOf(sync).includes('Secret');
    requireSecrets(this, syncs.list().some(needsSecrets));
    this.#look(key);
  }

  /** `afterMs` is in milliseconds. */
  #look(key: string, afterMs = 0): void {
    this.controller.queue.addAfter(key, Math.max(afterMs, GATHER_MS), 'high');
  }

  #objectChanged(kind: MirrorKind, change: StoreChange<KubeObject>): void {
    const { namespace } = parseKey(change.key);
    for (const sync of rollingOut(this.#options.syncs, namespace)) this.#written(sync, kind, change);
  }

  #written(sync: NacosConfigSync, kind: MirrorKind, { previous, current }: StoreChange<KubeObject>): void {
    const rollout = rolloutOf(sync);
    if (rollout === undefined) return;
    const note = noteOf(sync, kind, current);
    if (note === undefined || note.present === noteOf(sync, kind, previous)?.present) return;
    const leftMs = debounceLeftMs(note.changedAtMs, rollout, this.#options.clock.now());
    this.#look(objectKey(sync), leftMs);
    if (leftMs > 0) this.#tell(objectKey(sync), waitingVerdict(rollout));
  }

  async #roll(key: string, { log }: ReconcileContext): Promise<{ requeueAfterMs: number } | void> {
    const { events, metadata, restarts, syncs } = this.#options;
    const sync = syncs.get(key);
    const rollout = sync && rolloutOf(sync);
    if (sync === undefined || rollout === undefined) {
      this.#verdicts.delete(key);
      return restarts.forget(key);
    }
    const toldBefore = this.#verdicts.get(key);
    const { namespace = '' } = sync.metadata;
    const { problems, workloads } = await restarts.workloads.all(namespace);
    const targets = targetsOf(sync, workloads, metadata);
    const rolled = await restarts.run(key, { targets, problems, rollout, words, log });
    const { restarted, verdict, requeueAfterMs = RESYNC_MS } = rolled;
    if (restarted.length > 0) events.event(sync, restartedEvent(restarted, words));
    // Secrets are watched on demand.
    const isSeen = kindsOf(sync).every((kind) => metadata[kind].isListed(namespace));
    // What has changed meanwhile has its own.
    if (isSeen && this.#verdicts.get(key) === toldBefore) this.#tell(key, verdict);
    return { requeueAfterMs: isSeen ? requeueAfterMs : Math.min(requeueAfterMs, LOOK_AGAIN_MS) };
  }

  #tell(key: string, verdict: Verdict): void {
    this.#verdicts.set(key, verdict);
    this.#onVerdict(key);
  }
}

/** Of the objects that it writes. */
function kindsOf({ spec }: NacosConfigSync): readonly MirrorKind[] {
  return spec.kubernetes?.kinds ?? ['ConfigMap'];
}
