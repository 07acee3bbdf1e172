/**
 * `source: Nacos`: the dataIds that are found are followed, and written into objects that the NacosConfigSync controls.
 *
 * Guarantees, besides those of every mirror (mirror-keeper.ts)
 * - An object is written as a whole, once for a burst of changes, or not at all; others go on.
 * - Which keys go is asked in every pass, for as long as one is gone, and after all other writes: no look is lost by
 *   looking too early, and what takes the place of something is there before.
 */
import { behaviourOf } from '../../error-catalogue.ts';
import type { NacosConfigSync } from '../../api/resources.ts';
import { type BridgeError, isBridgeError, isLostRace } from '../../errors.ts';
import { isControlledBy } from '../../kube/owner.ts';
import { parseKey, type KubeObject } from '../../kube/resource.ts';
import type { StoreChange } from '../../kube/store.ts';
import type { Logger } from '../../logger.ts';
import { type ConfigName, nameText } from '../../nacos/index.ts';
import { checkUse } from '../use.ts';
import { MirrorKeeper } from '../mirror/mirror-keeper.ts';
import type { MirrorKind } from '../mirror/mirror-target.ts';
import { forEachBounded, type Failure } from './bounded.ts';
import { Finder, namespaceIdOf, patternsOf } from './finder.ts';
import { FoundPlace } from './found-place.ts';
import { Leaving } from './leaving.ts';
import { illegalInKubernetes } from './legal-names.ts';
import { objectText, type KeyRef } from './mapping.ts';
import { MirroredObject, type FollowedConfig } from './mirrored-object.ts';
import { isToGo } from './plan-object.ts';
import type { ObjectAccess, RunningSync, RunningSyncOptions } from './running-sync.ts';
import { failed, PENDING, placeOf, skipped, Tally, type Outcome } from './tally.ts';

export interface InboundOptions extends RunningSyncOptions {
  readonly objects: ObjectAccess;
  /** Whether `user` needs the metadata of Secrets, from now on. */
  readonly requireSecrets: (user: object, isNeeded: boolean) => void;
}

const kinds = ['ConfigMap', 'Secret'] as const;
const OBJECTS_AT_ONCE = 8;
/** A list is of the database of Nacos, and what it has may be served a moment later: tens of milliseconds, mostly. */
const SERVED_WITHIN_MS = 2000;
/** While something could not be read, or is not served yet, the watches may have nothing to tell. */
const LOOK_AGAIN_MS = 5000;

export class InboundSync implements RunningSync {
  readonly tally = new Tally();
  readonly finder: Finder;
  /** Where the dataIds are that the objects hold. */
  readonly place: FoundPlace;
  readonly #options: InboundOptions;
  readonly #namespaceId: string;
  readonly #keeper: MirrorKeeper;
  readonly #leaving: Leaving;
  /** By their texts. */
  readonly #objects = new Map<string, MirroredObject>();
  readonly #changed = new Set<MirroredObject>();
  /** Those with a dataId that could not be read yet: looked at again when nothing else is to do. */
  readonly #unread = new Set<MirroredObject>();
  /** Those with keys of ours that have no dataId, or may have none. */
  readonly #incomplete = new Set<MirroredObject>();
  readonly #unsubscribe: (() => void)[] = [];

  constructor(options: InboundOptions) {
    const { clock, connection, goneMs, mapping, objects: access, onWork, sync } = options;
    this.#options = options;
    this.#namespaceId = namespaceIdOf(sync, connection);
    this.place = new FoundPlace(sync);
    this.#leaving = new Leaving(clock, goneMs);
    this.#keeper = new MirrorKeeper({ access, clock, onNews: (text) => this.#look(this.#objects.get(text)) });
    for (const kind of kinds) {
      // What an earlier process, or an earlier spec, has made.
      for (const { metadata } of access[kind].controlledBy(sync.metadata.uid ?? '')) {
        const object = this.#objectOf(kind, metadata.name);
        (object.keys === undefined ? this.#changed : this.#incomplete).add(object);
      }
      this.#unsubscribe.push(access[kind].onChange((change) => this.#objectChanged(kind, change)));
    }
    options.requireSecrets(this, this.#needsSecrets());
    this.finder = new Finder({
      connection,
      namespaceId: this.#namespaceId,
      patterns: patternsOf(sync, mapping.patterns),
      onAdded: (names) => names.forEach((name) => this.#add(name)),
      onRemoved: (names) => names.forEach((name) => this.#remove(name)),
      onState: onWork,
    });
  }

  get isComplete(): boolean {
    return this.finder.isComplete && this.#changed.size === 0 && this.#unread.size === 0;
  }

  /** What keeps an object that has no items any more. */
  get trouble(): BridgeError | undefined {
    return [...this.#incomplete].find(({ dataIds, refusal }) => dataIds.size === 0 && refusal)?.refusal;
  }

  get held(): number {
    return this.#leaving.held;
  }

  async pass(sync: NacosConfigSync, log: Logger, signal: AbortSignal): Promise<{ nextMs: number | undefined }> {
    if (sync.spec.suspend) return { nextMs: undefined };
    const write = (object: MirroredObject) => this.#bringUp(object, new Set(), log);
    const changed = this.#changed.size > 0 ? this.#changed : this.#unread;
    const unwritten = await forEachBounded([...changed], OBJECTS_AT_ONCE, signal, write);
    const [failure] = [...unwritten, ...(await this.#dropGone(sync, log, signal))];
    const text = this.tally.takeDone();
    if (text !== undefined) this.#options.onWritten(`Objects: ${text}`);
    if (failure) throw failure.error;
    return { nextMs: this.#leaving.nextMs ?? (this.#unread.size > 0 ? LOOK_AGAIN_MS : undefined) };
  }

  async stop(): Promise<void> {
    this.finder.stop();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#options.requireSecrets(this, false);
    for (const { dataIds } of this.#objects.values()) dataIds.forEach(({ watch }) => watch.stop());
  }

  /** Its objects may have been Secrets by a former spec, too, which only the watch finds. */
  #needsSecrets(): boolean {
    const { objects, sync } = this.#options;
    const { metadata, spec, status } = sync;
    const hasFormer = status?.observedGeneration !== undefined && status.observedGeneration !== metadata.generation;
    const isNamed = spec.kubernetes?.kinds.includes('Secret') === true;
    return isNamed || hasFormer || objects.Secret.controlledBy(metadata.uid ?? '').length > 0;
  }

  #objectChanged(kind: MirrorKind, change: StoreChange<KubeObject>): void {
    const { metadata } = this.#options.sync;
    const { name, namespace } = parseKey(change.key);
    const text = objectText({ kind, name });
    if (namespace !== metadata.namespace || !this.#keeper.seen.isNews(text, change)) return;
    const isOurs = change.current && isControlledBy(change.current, metadata.uid ?? '');
    this.#look(isOurs ? this.#objectOf(kind, name) : this.#objects.get(text));
  }

  #add(config: ConfigName): void {
    const { clock, connection, mapping } = this.#options;
    const id = nameText(config);
    const ref = mapping.toKubernetes(config);
    if (ref === undefined) return;
    const refusal = this.#refusal(ref, config);
    const place = refusal ? config : placeOf({ ref, config });
    this.tally.set(id, { outcome: refusal ?? PENDING, place });
    if (refusal) return;
    const object = this.#objectOf(ref.kind, ref.name);
    const foundMs = clock.monotonic();
    let wasServed = false;
    const watch = connection.client.config.watch({ namespaceId: this.#namespaceId, ...config }, ({ kind }) => {
      wasServed ||= kind === 'present';
      this.#look(object);
    });
    const isLate = () => !wasServed && clock.monotonic() - foundMs < SERVED_WITHIN_MS;
    const dataId: FollowedConfig = {
      config,
      ref,
      watch,
      get observation() {
        return watch.current?.kind === 'absent' && isLate() ? undefined : watch.current;
      },
    };
    object.dataIds.set(id, dataId);
    object.seenKeys.add(ref.key);
    this.#look(object);
  }

  /** A key that it has already stays: an item that is skipped keeps all from being in sync (plan-object.ts). */
  #refusal(ref: KeyRef, config: ConfigName): Outcome | undefined {
    const { connection, sync } = this.#options;
    const message = illegalInKubernetes(ref);
    if (message !== undefined) return skipped('IllegalName', message);
    try {
      checkUse(connection, sync.metadata.namespace, { namespaceId: this.#namespaceId, ...config });
      return undefined;
    } catch (error) {
      if (!isBridgeError(error)) throw error;
      return failed(error);
    }
  }

  #remove(config: ConfigName): void {
    const id = nameText(config);
    this.tally.delete(id);
    const ref = this.#options.mapping.toKubernetes(config);
    const object = ref && this.#objects.get(objectText(ref));
    object?.dataIds.get(id)?.watch.stop();
    if (object?.dataIds.delete(id)) this.#look(object);
  }

  #objectOf(kind: MirrorKind, name: string): MirroredObject {
    const { mapping, objects: access, sync: owner } = this.#options;
    const text = objectText({ kind, name });
    const options = { owner, keeper: this.#keeper, access, encoding: mapping.secretEncoding };
    const object = this.#objects.get(text) ?? new MirroredObject(kind, name, options);
    this.#objects.set(text, object);
    return object;
  }

  #look(object: MirroredObject | undefined): void {
    if (object === undefined) return;
    this.#changed.add(object);
    this.#options.onWork();
  }

  async #dropGone(sync: NacosConfigSync, log: Logger, signal: AbortSignal): Promise<Failure<unknown>[]> {
    const mayGo = sync.spec.syncDeletion && this.#incomplete.size > 0;
    if (mayGo || (this.isComplete && !this.place.wasFound)) {
      await this.place.look(this.#options.connection, this.#namespaceId);
    }
    const gone = [...this.#incomplete].map((object) => [object, this.#toGo(object, sync)] as const);
    this.#leaving.replace(gone.flatMap(([object, keys]) => keys.map((key) => object.idOf(key))));
    const managed = (): number => [...this.#objects.values()].reduce((sum, { keys = [] }) => sum + keys.length, 0);
    this.#leaving.guard(sync, managed, this.place.isAnother);
    const failures = await forEachBounded(gone, OBJECTS_AT_ONCE, signal, async ([object, keys]) => {
      const due = keys.filter((key) => this.#leaving.mayGo(object.idOf(key)));
      if (due.length > 0) await this.#bringUp(object, new Set(due), log);
    });
    if (this.isComplete && this.#leaving.ids().length === 0) this.place.settled();
    return failures;
  }

  /** The keys of an object that are to go; none while nothing is decided about it. */
  #toGo(object: MirroredObject, { spec: { syncDeletion } }: NacosConfigSync): string[] {
    const plan = object.plan();
    if (plan === undefined) return [];
    const isInSync = this.isComplete && this.tally.isInSync(plan.outcomes);
    return object.goneKeys.filter((key) => isToGo({ syncDeletion, isInSync, wasSeen: object.seenKeys.has(key) }));
  }

  async #bringUp(object: MirroredObject, dropped: ReadonlySet<string>, log: Logger): Promise<void> {
    const plan = object.plan();
    // Before the write: what changes meanwhile is decided again.
    this.#changed.delete(object);
    if (plan === undefined) {
      this.#unread.add(object);
      return object.count(this.tally, plan);
    }
    this.#unread.delete(object);
    try {
      const written = await object.write(plan.texts, dropped);
      for (const key of dropped) this.#leaving.gone(object.idOf(key));
      object.refusal = undefined;
      object.count(this.tally, plan);
      if (written === undefined) return;
      this.tally.wrote(written);
      log.info('mirror written', { object: object.text, written, keys: object.keys?.length, dropped: dropped.size });
    } catch (error) {
      if (isBridgeError(error) && !isLostRace(error)) {
        object.refusal = error;
        object.count(this.tally, plan);
        if (behaviourOf(error.code) === 'await-change') return;
      }
      if (dropped.size === 0) this.#changed.add(object);
      throw error;
    } finally {
      if (object.goneKeys.length === 0) this.#incomplete.delete(object);
      else this.#incomplete.add(object);
      if (object.dataIds.size === 0 && object.found === undefined) this.#objects.delete(object.text);
    }
  }
}
