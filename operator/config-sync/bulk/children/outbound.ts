/**
 * `source: Kubernetes` and `source: Both`: each item has a NacosConfig of its own, and these are kept as the items are.
 *
 * Guarantees
 * - A change of one object costs the keys of that object, and the change of a NacosConfig costs its item.
 * - Nothing is removed before all objects, and with `Both` all dataIds, have been seen, nor while the guard holds.
 * - What is equal is not written.
 */
import { FIELD_MANAGER } from '../../../api/names.ts';
import { failureVerdict } from '../../../kube/conditions.ts';
import type { NacosConfig, NacosConfigSync } from '../../../api/resources.ts';
import { isBridgeError } from '../../../errors.ts';
import { ApiError } from '../../../kube/api-errors.ts';
import { isControlledBy } from '../../../kube/owner.ts';
import type { JsonPatchOperation } from '../../../kube/resource-client.ts';
import type { Logger } from '../../../logger.ts';
import { type ConfigName, nameText } from '../../../nacos/index.ts';
import type { MirrorKind } from '../../mirror/mirror-target.ts';
import { forEachBounded } from '../bounded.ts';
import { outcomeOf } from './child-outcome.ts';
import { childName, childOf, isOtherwise } from './child.ts';
import { doneText, nothingDone, type Done } from '../done.ts';
import { Finder, namespaceIdOf, patternsOf } from '../finder.ts';
import { ItemBook } from '../items/item-book.ts';
import type { Item } from '../inventory/entry.ts';
import { Leaving } from '../leaving.ts';
import type { KeyRef } from '../mapping.ts';
import { ObjectReader } from './object-reader.ts';
import { planChild, removesFromNacos, type ChildAction } from './plan-child.ts';
import type { RunningSync, RunningSyncOptions } from '../running-sync.ts';
import { PENDING, placeOf, Tally, type Outcome } from '../tally.ts';

/** Requests at once: the rest is for everybody else. */
const WRITES_AT_ONCE = 8;
/** A pass ends well within the time limit of a reconcile, and the next one goes on. */
const ITEMS_PER_PASS = 1000;

export class OutboundSync implements RunningSync {
  readonly tally = new Tally();
  readonly finder: Finder | undefined;
  hasWritten = false;
  readonly #options: RunningSyncOptions;
  readonly #book: ItemBook;
  readonly #reader: ObjectReader;
  readonly #unwanted: Leaving;
  /** NacosConfigs to decide about, by name, and their dataIds. */
  readonly #todo = new Map<string, ConfigName>();
  /** NacosConfigs that are ours, by name. */
  readonly #children = new Map<string, NacosConfig>();
  /** The ids under which the losers of each dataId are counted. */
  readonly #losersOf = new Map<string, readonly string[]>();
  #sync: NacosConfigSync;

  constructor(options: RunningSyncOptions) {
    const { connection, mapping, onWork, sync, world } = options;
    this.#options = options;
    this.#sync = sync;
    this.#unwanted = new Leaving(world.clock);
    this.#book = new ItemBook({
      mapping,
      holderOf: (config) => keyOf(this.#children.get(childName(sync, config))),
      onSkipped: (id, skipped) => (skipped ? this.tally.set(id, skipped) : this.tally.delete(id)),
    });
    this.#reader = new ObjectReader(world, (kind, name, keys) => this.#look(this.#book.setObject(kind, name, keys)));
    for (const child of options.children) this.childChanged(undefined, child);
    if (sync.spec.source !== 'Both' || connection === undefined) return;
    this.finder = new Finder({
      connection,
      namespaceId: namespaceIdOf(sync, connection),
      patterns: patternsOf(sync, mapping.patterns),
      onAdded: (names) => this.#look(names.flatMap((name) => this.#book.addConfig(name))),
      onRemoved: (names) => this.#look(names.flatMap((name) => this.#book.removeConfig(name))),
      onState: onWork,
    });
  }

  get isComplete(): boolean {
    return this.#reader.isCurrent && (this.finder?.isComplete ?? true) && this.#todo.size === 0;
  }

  get held(): number {
    return removesFromNacos(this.#sync) ? this.#unwanted.held : 0;
  }

  objectChanged(kind: MirrorKind, name: string): void {
    if (this.#reader.changed(this.#sync, kind, name)) this.#options.onWork();
  }

  childChanged(previous: NacosConfig | undefined, current: NacosConfig | undefined): boolean {
    const child = current ?? previous;
    if (child === undefined) return false;
    const { name } = child.metadata;
    const isOurs = current !== undefined && isControlledBy(current, this.#sync.metadata.uid ?? '');
    if (isOurs) this.#children.set(name, current);
    else this.#children.delete(name);
    const config = configOf(child);
    if (isOurs) this.#count(name, config);
    if (previous && current && !isOtherwise(previous, current)) return false;
    this.#todo.set(name, config);
    return true;
  }

  async pass(sync: NacosConfigSync, log: Logger, signal: AbortSignal): Promise<{ nextMs: number | undefined }> {
    this.#sync = sync;
    await this.#reader.read(sync, signal);
    this.#settle();
    await this.#act(log, signal);
    return { nextMs: this.#todo.size > 0 ? 0 : this.#unwanted.nextMs };
  }

  stop(): void {
    this.finder?.stop();
  }

  #look(configs: readonly ConfigName[]): void {
    for (const config of configs) this.#todo.set(childName(this.#sync, config), config);
    if (configs.length > 0) this.#options.onWork();
  }

  /** The item whose NacosConfig has this name; undefined when nothing wants it any more. */
  #itemOf(name: string, config: ConfigName): Item | undefined {
    return childName(this.#sync, config) === name ? this.#book.wanted(config) : undefined;
  }

  /** What is not wanted any more gets a moment to come back, and the guard looks at all of it together. */
  #settle(): void {
    for (const name of this.#unwanted.ids()) {
      const child = this.#children.get(name);
      if (child) this.#todo.set(name, configOf(child));
      else this.#unwanted.delete(name);
    }
    for (const [name, config] of this.#todo) {
      const isUnwanted = this.#children.has(name) && this.#itemOf(name, config) === undefined;
      if (isUnwanted) this.#unwanted.add(name);
      else this.#unwanted.delete(name);
    }
    this.#unwanted.guard(this.#sync, () => this.#children.size);
  }

  async #act(log: Logger, signal: AbortSignal): Promise<void> {
    const done = nothingDone();
    const isComplete = this.#reader.isCurrent && (this.finder?.isComplete ?? true);
    const due = [...this.#todo].slice(0, ITEMS_PER_PASS);
    const failures = await forEachBounded(due, WRITES_AT_ONCE, signal, async ([name, config]) => {
      // Before the write: what changes meanwhile is decided again.
      this.#todo.delete(name);
      const action = this.#plan(name, config, isComplete);
      this.#count(name, config, action);
      await this.#apply(name, config, action, done, log);
    });
    for (const { item } of failures) this.#todo.set(...item);
    this.#tell(done);
    if (failures[0]) throw failures[0].error;
  }

  #plan(name: string, config: ConfigName, isComplete: boolean): ChildAction {
    const { mapping, world } = this.#options;
    const item = this.#itemOf(name, config);
    return planChild({
      sync: this.#sync,
      desired: item && childOf(this.#sync, item, mapping.secretEncoding),
      existing: world.configs.get(`${this.#sync.metadata.namespace}/${name}`),
      isComplete,
      isSettled: this.#unwanted.isSettled(name),
      isHeld: this.held > 0,
    });
  }

  async #apply(name: string, config: ConfigName, action: ChildAction, done: Done, log: Logger): Promise<void> {
    try {
      const written = await this.#write(name, action);
      if (written === undefined) return;
      done[written] += 1;
      this.hasWritten = true;
      log.debug('the NacosConfig of an item was written', { config: name, written, reason: reasonOf(action) });
    } catch (error) {
      // Somebody was quicker: the watch brings what is there now, and it is decided again.
      if (error instanceof ApiError && (error.statusReason === 'AlreadyExists' || error.objectMissing)) return;
      if (isBridgeError(error, 'KUBE_CONFLICT')) return;
      if (!isBridgeError(error, 'KUBE_INVALID')) throw error;
      const item = this.#itemOf(name, config);
      const { reason, message } = failureVerdict(error);
      const outcome = { state: 'invalid', reason, message, md5: undefined } as const;
      this.tally.set(nameText(config), { outcome, place: { ...placeOf(item ?? { config }), config: name } });
    }
  }

  /** Returns what was done. */
  async #write(name: string, action: ChildAction): Promise<keyof Done | undefined> {
    const { configClient } = this.#options.world;
    const { namespace } = this.#sync.metadata;
    const options = { fieldManager: FIELD_MANAGER };
    const uid = this.#children.get(name)?.metadata.uid;
    switch (action.kind) {
      case 'create':
        await configClient.create(action.child, options);
        return 'created';
      case 'patch':
        await configClient.jsonPatch(name, namespace, [isThatOne(uid), ...action.operations], options);
        return 'changed';
      case 'release':
        if (action.operations.length > 0) {
          await configClient.jsonPatch(name, namespace, [isThatOne(uid), ...action.operations], options);
        }
        await configClient.delete(name, namespace, { uid });
        return 'removed';
      case 'remove':
        await configClient.delete(name, namespace, { uid });
        this.#unwanted.gone(name);
        return 'removed';
      case 'none':
      case 'wait':
      case 'keep':
      case 'hold':
      case 'blocked':
        return undefined;
    }
  }

  #count(name: string, config: ConfigName, action?: ChildAction): void {
    const id = nameText(config);
    const item = this.#itemOf(name, config);
    if (childName(this.#sync, config) !== name) return;
    if (item === undefined) this.tally.delete(id);
    else this.tally.set(id, { outcome: this.#outcomeOf(name, action), place: { ...placeOf(item), config: name } });
    const losers = this.#book.losers(config);
    for (const loser of this.#losersOf.get(id) ?? []) this.tally.delete(loser);
    for (const loser of losers) this.tally.set(loser.id, loser);
    if (losers.length > 0)
      this.#losersOf.set(
        id,
        losers.map((loser) => loser.id),
      );
    else this.#losersOf.delete(id);
  }

  #outcomeOf(name: string, action: ChildAction | undefined): Outcome {
    if (action?.kind === 'blocked')
      return { state: 'conflict', reason: 'NotOwned', message: action.reason, md5: undefined };
    const child = this.#children.get(name);
    return child ? outcomeOf(child) : PENDING;
  }

  #tell(done: Done): void {
    const text = doneText(done);
    if (text !== undefined) this.#options.onWritten(`NacosConfigs of items: ${text}`);
  }
}

function reasonOf(action: ChildAction): string {
  return action.kind === 'none' ? '' : action.reason;
}

/** A precondition: one that was replaced meanwhile is not ours to change. */
function isThatOne(uid: string | undefined): JsonPatchOperation {
  return { op: 'test', path: '/metadata/uid', value: uid };
}

function configOf({ metadata, spec }: NacosConfig): ConfigName {
  return { group: spec.group, dataId: spec.dataId ?? metadata.name };
}

function keyOf(child: NacosConfig | undefined): KeyRef | undefined {
  const { configMapKeyRef, secretKeyRef } = child?.spec.contentFrom ?? {};
  if (configMapKeyRef) return { kind: 'ConfigMap', ...configMapKeyRef };
  return secretKeyRef && { kind: 'Secret', name: secretKeyRef.name, key: secretKeyRef.key };
}
