/**
 * `source: Nacos`: the dataIds that are found are watched, and written into objects that the NacosConfigSync controls.
 *
 * Guarantees
 * - An object is written as a whole, once for a burst of changes; one whose data would not fit is not written, and others
 *   go on.
 * - A key goes only with `syncDeletion`, when its dataId is known to be gone and the guard does not hold it.
 * - What is equal is not written, and an object that is as it was last seen is not read.
 */
import { reasonOf } from '../../error-catalogue.ts';
import { CONFIRM_DELETION_ANNOTATION, CONTENT_MD5_ANNOTATION } from '../../api/names.ts';
import type { NacosConfigSync } from '../../api/resources.ts';
import { isBridgeError, type BridgeError } from '../../errors.ts';
import { isControlledBy } from '../../kube/owner.ts';
import type { Logger } from '../../logger.ts';
import { type ConfigName, type ConfigObservation, type ConfigWatch, md5Of, nameText } from '../../nacos/index.ts';
import { appliedKeys } from '../mirror/applied-keys.ts';
import type { DataObject } from '../mirror/data-object.ts';
import type { MirrorKind } from '../mirror/mirror-target.ts';
import { writeMirror } from '../mirror/write-mirror.ts';
import { forEachBounded } from './bounded.ts';
import { doneText, nothingDone, type Done } from './done.ts';
import { Finder, namespaceIdOf, patternsOf } from './finder.ts';
import { objectText, placeOf } from './item-book.ts';
import { illegalInKubernetes } from './legal-names.ts';
import { MirroredObject } from './mirrored-object.ts';
import { planObject, type ObjectInput, type ObjectPlan } from './plan-object.ts';
import { RecentRemovals } from './recent-removals.ts';
import type { RunningSync, RunningSyncOptions } from './running-sync.ts';
import { Settling } from './settling.ts';
import { PENDING, Tally, type Outcome } from './tally.ts';

const OBJECTS_AT_ONCE = 8;
/** While something could not be read the watches may have nothing to tell. */
const LOOK_AGAIN_MS = 5000;
/** A list is of the database of Nacos, and what it has may be served a moment later: tens of milliseconds, mostly. */
const SERVED_WITHIN_MS = 2000;

interface Watched {
  readonly config: ConfigName;
  readonly object: MirroredObject;
  readonly key: string;
  readonly watch: ConfigWatch;
  /** On the monotonic clock. */
  readonly foundMs: number;
  wasServed: boolean;
}

type Texts = Readonly<Record<string, string>>;

export class InboundSync implements RunningSync {
  readonly tally = new Tally();
  readonly finder: Finder;
  readonly #options: RunningSyncOptions;
  readonly #namespaceId: string;
  /** By the text of a dataId's name. */
  readonly #watched = new Map<string, Watched>();
  readonly #objects = new Map<string, MirroredObject>();
  readonly #dirty = new Set<MirroredObject>();
  /** Keys that have no dataId any more. */
  readonly #leaving: Settling;
  readonly #removals: RecentRemovals;
  #sync: NacosConfigSync;
  #knowsOwnObjects = false;
  #held = 0;
  #hasWritten = false;

  constructor(options: RunningSyncOptions & { readonly connection: NonNullable<RunningSyncOptions['connection']> }) {
    const { connection, mapping, onWork, sync, world } = options;
    this.#options = options;
    this.#sync = sync;
    this.#namespaceId = namespaceIdOf(sync, connection);
    this.#leaving = new Settling(world.clock);
    this.#removals = new RecentRemovals(world.clock);
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
    return this.finder.isComplete && this.#dirty.size === 0 && this.tally.counts.pending === 0;
  }

  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  get held(): number {
    return this.#held;
  }

  objectChanged(kind: MirrorKind, name: string): void {
    const seen = this.#options.world.objects[kind].find(`${this.#sync.metadata.namespace}/${name}`);
    const isOurs = seen !== undefined && isControlledBy(seen, this.#sync.metadata.uid ?? '');
    const object = isOurs ? this.#objectOf(kind, name) : this.#objects.get(objectText({ kind, name }));
    if (object === undefined || this.#isAsSeen(object)) return;
    this.#dirty.add(object);
    this.#options.onWork();
  }

  childChanged(): boolean {
    return false;
  }

  async pass(sync: NacosConfigSync, log: Logger, signal: AbortSignal): Promise<{ nextMs: number | undefined }> {
    this.#sync = sync;
    if (sync.spec.suspend) return { nextMs: undefined };
    this.#findOwnObjects();
    const due = [...this.#dirty, ...[...this.#objects.values()].filter(({ leaving }) => leaving.length > 0)];
    const texts = new Map<MirroredObject, Texts>();
    const unread = await forEachBounded(due, OBJECTS_AT_ONCE, signal, async (object) => {
      texts.set(object, await this.#look(object));
    });
    this.#guard();
    const done = nothingDone();
    const failures = await forEachBounded(texts.keys(), OBJECTS_AT_ONCE, signal, async (object) => {
      // Before the write: what changes meanwhile is decided again.
      this.#dirty.delete(object);
      await this.#bringUp(object, texts.get(object) ?? {}, done, log);
    });
    for (const { item } of failures) this.#dirty.add(item);
    this.#tell(done);
    const [failure] = [...unread, ...failures];
    if (failure) throw failure.error;
    const waitMs = this.tally.counts.pending > 0 ? LOOK_AGAIN_MS : undefined;
    return { nextMs: this.#leaving.nextMs ?? waitMs };
  }

  stop(): void {
    this.finder.stop();
    for (const { watch } of this.#watched.values()) watch.stop();
  }

  #add(config: ConfigName): void {
    const { connection, mapping, onWork, world } = this.#options;
    const ref = mapping.toKubernetes(config);
    if (ref === undefined || connection === undefined) return;
    const problem = illegalInKubernetes(ref);
    if (problem !== undefined) {
      const outcome = { state: 'skipped', reason: 'IllegalName', message: problem, md5: undefined } as const;
      this.tally.set(nameText(config), { outcome, place: { ...config } });
      return;
    }
    const object = this.#objectOf(ref.kind, ref.name);
    object.claim(ref.key, config);
    const watch = connection.client.config.watch({ namespaceId: this.#namespaceId, ...config }, ({ kind }) => {
      watched.wasServed ||= kind === 'present';
      this.#dirty.add(object);
      onWork();
    });
    const foundMs = world.clock.monotonic();
    const watched: Watched = { config, object, key: ref.key, watch, foundMs, wasServed: false };
    this.#watched.set(nameText(config), watched);
    this.tally.set(nameText(config), { outcome: PENDING, place: placeOf({ ref, config }) });
  }

  #remove(config: ConfigName): void {
    this.tally.delete(nameText(config));
    const watched = this.#watched.get(nameText(config));
    if (watched === undefined) return;
    watched.watch.stop();
    watched.object.withdraw(watched.key, config);
    this.#watched.delete(nameText(config));
    this.#dirty.add(watched.object);
  }

  /** What an earlier process, or an earlier spec, has made: keys of it may have lost their dataIds meanwhile. */
  #findOwnObjects(): void {
    if (this.#knowsOwnObjects) return;
    this.#knowsOwnObjects = true;
    for (const kind of ['ConfigMap', 'Secret'] as const) {
      const controlled = this.#options.world.objects[kind].controlledBy(this.#sync.metadata.uid ?? '');
      for (const { metadata } of controlled) this.#dirty.add(this.#objectOf(kind, metadata.name));
    }
  }

  #objectOf(kind: MirrorKind, name: string): MirroredObject {
    const text = objectText({ kind, name });
    const object = this.#objects.get(text) ?? new MirroredObject(kind, name);
    this.#objects.set(text, object);
    return object;
  }

  /** What the object holds of ours, which is read only where it may hold more than what Nacos has; and what has to go. */
  async #look(object: MirroredObject): Promise<Texts> {
    const { kind, name } = object;
    const { client, find } = this.#options.world.objects[kind];
    const wanted = planObject(this.#inputOf(object, {}));
    const seen = find(`${this.#sync.metadata.namespace}/${name}`);
    const isAsWanted = wanted && seen?.metadata.annotations?.[CONTENT_MD5_ANNOTATION] === md5OfEntries(wanted.entries);
    const existing = !isAsWanted ? await client.get(name, this.#sync.metadata.namespace) : undefined;
    const isOurs = existing !== undefined && isControlledBy(existing, this.#sync.metadata.uid ?? '');
    const texts = existing && isOurs ? ourTexts(kind, existing) : {};
    object.keys = new Set(isAsWanted ? Object.keys(wanted.entries) : Object.keys(texts));
    object.leaving = planObject(this.#inputOf(object, texts))?.leaving ?? [];
    const leaving = new Set(object.leaving);
    for (const key of object.claims.keys()) if (!leaving.has(key)) this.#leaving.wanted(idOf(object, key));
    for (const key of leaving) this.#leaving.unwanted(idOf(object, key));
    return texts;
  }

  #guard(): void {
    const isConfirmed = this.#sync.metadata.annotations?.[CONFIRM_DELETION_ANNOTATION] === 'true';
    const managed =
      this.#leaving.size === 0 ? 0 : [...this.#objects.values()].reduce((sum, { keys }) => sum + keys.size, 0);
    this.#held = this.#removals.holds(managed, this.#leaving.size, isConfirmed) ? this.#leaving.size : 0;
  }

  async #bringUp(object: MirroredObject, texts: Texts, done: Done, log: Logger): Promise<void> {
    const mayDrop = (key: string) => this.#held === 0 && this.#leaving.isSettled(idOf(object, key));
    const plan = planObject(this.#inputOf(object, texts, mayDrop));
    if (plan === undefined) return this.#countUnread(object);
    try {
      await this.#write(object, plan, done, log);
      for (const key of plan.dropped) this.#dropped(object, key);
      object.leaving = plan.leaving;
      this.#count(object, plan);
    } catch (error) {
      if (!isBridgeError(error, 'NOT_OWNED', 'INVALID_CONTENT', 'KUBE_INVALID')) throw error;
      this.#count(object, plan, error);
    }
  }

  async #write(object: MirroredObject, { entries }: ObjectPlan, done: Done, log: Logger): Promise<void> {
    const { clock, objects } = this.#options.world;
    const { kind, name } = object;
    const { client } = objects[kind];
    const md5 = md5OfEntries(entries);
    if (object.right?.md5 === md5 && this.#isAsSeen(object)) return;
    if (Object.keys(entries).length === 0) return this.#deleteEmpty(object, done, log);
    const state = { owner: this.#sync, kind, name, immutable: false, entries, md5 };
    const { object: made, written } = await writeMirror(state, { client, nowMs: clock.now() });
    object.right = { md5, resourceVersion: made.metadata.resourceVersion };
    object.keys = new Set(Object.keys(entries));
    if (written === undefined) return;
    done[written === 'Created' ? 'created' : 'changed'] += 1;
    this.#hasWritten = true;
    log.info('mirror written', { object: objectText(object), keys: object.keys.size, written });
  }

  /** An object without any key of ours is of no use to anybody; one that is not ours is left alone. */
  async #deleteEmpty(object: MirroredObject, done: Done, log: Logger): Promise<void> {
    const { namespace } = this.#sync.metadata;
    const { client, find } = this.#options.world.objects[object.kind];
    const seen = find(`${namespace}/${object.name}`);
    object.right = undefined;
    object.keys = new Set();
    if (object.claims.size === 0) this.#objects.delete(objectText(object));
    if (seen === undefined || !isControlledBy(seen, this.#sync.metadata.uid ?? '')) return;
    await client.delete(object.name, namespace, { uid: seen.metadata.uid });
    done.removed += 1;
    this.#hasWritten = true;
    log.info('mirror removed', { object: objectText(object) });
  }

  #dropped(object: MirroredObject, key: string): void {
    this.#leaving.wanted(idOf(object, key));
    this.#removals.removed();
  }

  #isAsSeen({ kind, name, right }: MirroredObject): boolean {
    const seen = this.#options.world.objects[kind].find(`${this.#sync.metadata.namespace}/${name}`);
    return right !== undefined && seen?.metadata.resourceVersion === right.resourceVersion;
  }

  #inputOf(object: MirroredObject, existing: Texts, mayDrop: ObjectInput['mayDrop'] = () => false): ObjectInput {
    const claims = new Map(
      [...object.claims].map(([key, configs]) => [
        key,
        [...configs].map(([text, config]) => ({ config, observation: this.#observationOf(this.#watched.get(text)) })),
      ]),
    );
    return {
      kind: object.kind,
      encoding: this.#options.mapping.secretEncoding,
      claims,
      existing,
      syncDeletion: this.#sync.spec.syncDeletion,
      isComplete: this.finder.isComplete,
      mayDrop,
    };
  }

  /** Undefined until it was read, and while a dataId that was just found is not served yet: it is not absent. */
  #observationOf(watched: Watched | undefined): ConfigObservation | undefined {
    return watched && this.#isLate(watched) ? undefined : watched?.watch.current;
  }

  #isLate({ foundMs, wasServed, watch }: Watched): boolean {
    const isAbsent = watch.current?.kind === 'absent';
    return isAbsent && !wasServed && this.#options.world.clock.monotonic() - foundMs < SERVED_WITHIN_MS;
  }

  #count(object: MirroredObject, { outcomes }: ObjectPlan, error?: BridgeError): void {
    const present = new Set<string>();
    for (const [config, outcome] of outcomes) {
      present.add(nameText(config));
      const isFailed = error !== undefined && outcome.state === 'synced';
      this.#countOne(config, isFailed ? failed(error) : outcome);
    }
    for (const configs of object.claims.values()) {
      for (const text of configs.keys()) if (!present.has(text)) this.tally.delete(text);
    }
  }

  #countUnread(object: MirroredObject): void {
    for (const config of [...object.claims.values()].flatMap((configs) => [...configs.values()])) {
      const watched = this.#watched.get(nameText(config));
      if (this.#observationOf(watched) !== undefined) continue;
      const { current, lastError } = watched?.watch ?? {};
      // Its watch may have nothing more to tell.
      if (current !== undefined) this.#dirty.add(object);
      this.#countOne(config, lastError ? failed(lastError) : PENDING);
    }
  }

  #countOne(config: ConfigName, outcome: Outcome): void {
    const { key, object } = this.#watched.get(nameText(config)) ?? {};
    const ref = object && key !== undefined ? { kind: object.kind, name: object.name, key } : undefined;
    this.tally.set(nameText(config), { outcome, place: placeOf({ ref, config }) });
  }

  #tell(done: Done): void {
    const text = doneText(done);
    if (text !== undefined) this.#options.onWritten(`Objects: ${text}`);
  }
}

function failed(error: BridgeError): Outcome {
  const states = { NOT_OWNED: 'conflict', INVALID_CONTENT: 'invalid', KUBE_INVALID: 'invalid' } as const;
  const state = states[error.code as keyof typeof states] ?? 'failing';
  return { state, reason: reasonOf(error.code), message: error.message, md5: undefined };
}

/** Stands for all that the object is to hold. */
function md5OfEntries(entries: Texts): string {
  const parts = Object.keys(entries)
    .sort()
    .map((key) => [key, md5Of(entries[key] ?? '')]);
  return md5Of(JSON.stringify(parts));
}

function ourTexts(kind: MirrorKind, object: DataObject): Texts {
  const present = appliedKeys(object).flatMap((key) => {
    const value = object.data?.[key];
    return value === undefined ? [] : [[key, kind === 'Secret' ? Buffer.from(value, 'base64').toString() : value]];
  });
  return Object.fromEntries(present) as Texts;
}

function idOf(object: MirroredObject, key: string): string {
  return `${objectText(object)} ${key}`;
}
