/**
 * One object that dataIds are mirrored into: which of them mean which key, and how it is written, as every mirror is.
 *
 * Guarantee: a key of ours goes when it is said so, and never because a text for it is missing.
 */
import type { BridgeError } from '../../errors.ts';
import { isControlledBy } from '../../kube/owner.ts';
import type { KubeObject } from '../../kube/resource.ts';
import { type ConfigWatch, md5Of } from '../../nacos/index.ts';
import type { DataMetadata } from '../mirror/data-proof.ts';
import type { MirrorKeeper } from '../mirror/mirror-keeper.ts';
import type { Texts } from '../mirror/mirror-object.ts';
import type { MirrorKind } from '../mirror/mirror-target.ts';
import { objectText, refText, type Mapping } from './mapping.ts';
import { planObject, type Claim, type ObjectPlan } from './plan-object.ts';
import type { ObjectAccess } from './running-sync.ts';
import { failed, PENDING, placeOf, type Done, type Tally } from './tally.ts';

export interface FollowedConfig extends Claim {
  readonly watch: Pick<ConfigWatch, 'lastError' | 'stop'>;
}

export interface MirroredObjectOptions {
  readonly owner: KubeObject;
  readonly keeper: MirrorKeeper;
  readonly access: ObjectAccess;
  /** Of Secrets in Nacos. */
  readonly encoding: Mapping['secretEncoding'];
}

export class MirroredObject {
  readonly kind: MirrorKind;
  readonly name: string;
  readonly text: string;
  /** By the texts of their names. */
  readonly dataIds = new Map<string, FollowedConfig>();
  /** Keys that a dataId was found for while this process ran. */
  readonly seenKeys = new Set<string>();
  /** Why it could not be written last. */
  refusal: BridgeError | undefined;
  readonly #options: MirroredObjectOptions;

  constructor(kind: MirrorKind, name: string, options: MirroredObjectOptions) {
    this.kind = kind;
    this.name = name;
    this.text = objectText({ kind, name });
    this.#options = options;
  }

  /** Its metadata, if it is there and the owner's. */
  get found(): DataMetadata | undefined {
    const { owner, access } = this.#options;
    const found = access[this.kind].find(`${owner.metadata.namespace}/${this.name}`);
    return found && isControlledBy(found, owner.metadata.uid ?? '') ? found : undefined;
  }

  /** All keys of ours, and perhaps some that it has lost; undefined when it must be read to know them. */
  get keys(): readonly string[] | undefined {
    return this.#options.keeper.seen.keysOf(this.text) ?? this.found?.ownKeys;
  }

  /** Those without a dataId that exists, or may exist. */
  get goneKeys(): string[] {
    const claims = [...this.dataIds.values()].filter(({ observation }) => observation?.kind !== 'absent');
    const claimed = new Set(claims.map(({ ref }) => ref.key));
    return (this.keys ?? []).filter((key) => !claimed.has(key));
  }

  /** The key among those of all objects. */
  idOf(key: string): string {
    return refText({ kind: this.kind, name: this.name, key });
  }

  /** Undefined while nothing is decided. */
  plan(): ObjectPlan | undefined {
    return planObject([...this.dataIds.values()], this.kind, this.#options.encoding);
  }

  /** How its dataIds fare; nothing is decided without a plan. */
  count(tally: Tally, plan: ObjectPlan | undefined): void {
    const { refusal } = this;
    for (const [id, { config, ref, observation, watch }] of this.dataIds) {
      const unread = watch.lastError ? failed(watch.lastError) : PENDING;
      const decided = plan?.outcomes.get(id);
      const written = refusal && decided?.state === 'synced' ? failed(refusal) : decided;
      const outcome = observation ? written : unread;
      if (outcome) tally.set(id, { outcome, place: placeOf({ ref, config }) });
      else if (plan) tally.delete(id);
    }
  }

  /** Gives keys their texts, takes others away, and leaves the rest as it is. Returns what was done, if anything. */
  async write(texts: Texts, dropped: ReadonlySet<string>): Promise<keyof Done | undefined> {
    const { kind, name, found, keys } = this;
    const { owner, keeper } = this.#options;
    const kept = (keys ?? []).filter((key) => !dropped.has(key) && !Object.hasOwn(texts, key));
    const isWhole = keys !== undefined && kept.length === 0;
    const isEmpty = Object.keys(texts).length === 0;
    if (isEmpty && found === undefined) {
      keeper.seen.forget(this.text);
      return undefined;
    }
    if (isEmpty && isWhole) return found && dropped.size > 0 ? this.#remove(found) : undefined;
    const md5 = md5OfTexts(texts);
    const { written } = await keeper.bringUp(this.text, {
      owner,
      kind,
      name,
      immutable: false,
      what: JSON.stringify([md5, kept]),
      proof: isWhole ? { keys: Object.keys(texts), md5 } : undefined,
      needsOurs: !isWhole,
      content: (ours) => {
        const stay = Object.entries(ours).filter(([key]) => !dropped.has(key));
        const entries = { ...Object.fromEntries(stay), ...texts };
        return { entries, md5: md5OfTexts(entries) };
      },
    });
    return written && (written === 'Created' ? 'created' : 'changed');
  }

  async #remove(found: DataMetadata): Promise<keyof Done | undefined> {
    const { owner, keeper } = this.#options;
    const removed = await keeper.remove(this.kind, found, owner);
    keeper.seen.forget(this.text);
    return removed && (removed === 'Deleted' ? 'removed' : 'changed');
  }
}

/** Stands for all that an object holds of ours. */
function md5OfTexts(texts: Texts): string {
  const keys = Object.keys(texts).sort();
  return md5Of(JSON.stringify(keys.map((key) => [key, md5Of(texts[key] ?? '')])));
}
