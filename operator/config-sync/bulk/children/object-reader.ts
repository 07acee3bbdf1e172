/**
 * The objects that a NacosConfigSync means, and the keys that each holds.
 *
 * All are listed once, which is cheaper than one by one and the evidence that there are no others; from then on each one is
 * read when its metadata has changed. Contents pass through and are not kept.
 */
import type { NacosConfigSync } from '../../../api/resources.ts';
import { selectorText } from '../../../kube/label-selector.ts';
import type { DataObject } from '../../mirror/data-object.ts';
import type { MirrorKind } from '../../mirror/mirror-target.ts';
import { forEachBounded } from '../bounded.ts';
import { objectText } from '../mapping.ts';
import type { SyncWorld } from '../running-sync.ts';
import { isExportableType, isSelected } from '../items/selection.ts';

const LIST_PAGE = 500;
const READS_AT_ONCE = 8;

/** Told the keys of an object as often as it is read; none when it is gone or not meant. */
export type KeysListener = (kind: MirrorKind, name: string, keys: readonly string[]) => void;

export class ObjectReader {
  readonly #world: SyncWorld;
  readonly #onKeys: KeysListener;
  readonly #changed = new Map<string, { kind: MirrorKind; name: string }>();
  /** Objects that were selected when they were last read. */
  readonly #meant = new Set<string>();
  #isListed = false;

  constructor(world: SyncWorld, onKeys: KeysListener) {
    this.#world = world;
    this.#onKeys = onKeys;
  }

  /** Whether everything that changed was read. */
  get isCurrent(): boolean {
    return this.#isListed && this.#changed.size === 0;
  }

  /** An object came, changed or went. Returns whether that matters. */
  changed(sync: NacosConfigSync, kind: MirrorKind, name: string): boolean {
    const text = objectText({ kind, name });
    const seen = this.#world.objects[kind].find(`${sync.metadata.namespace}/${name}`);
    const isMeant = seen !== undefined && this.#isSelected(sync, kind, seen);
    if (!isMeant && !this.#meant.has(text)) return false;
    this.#changed.set(text, { kind, name });
    return true;
  }

  /** @throws what the API server throws; what was not read is read by the next call. */
  async read(sync: NacosConfigSync, signal: AbortSignal): Promise<void> {
    if (!this.#isListed) await this.#list(sync, signal);
    this.#isListed = true;
    const failures = await forEachBounded([...this.#changed], READS_AT_ONCE, signal, async ([text, { kind, name }]) => {
      // Before the read: what changes meanwhile is read again.
      this.#changed.delete(text);
      await this.#readOne(sync, kind, name);
    });
    for (const { item } of failures) this.#changed.set(...item);
    if (failures[0]) throw failures[0].error;
  }

  async #list(sync: NacosConfigSync, signal: AbortSignal): Promise<void> {
    const { kubernetes, mapping } = sync.spec;
    const selection = {
      namespace: sync.metadata.namespace,
      labelSelector: kubernetes?.selector && selectorText(kubernetes.selector),
      fieldSelector: mapping.preset === 'SingleObject' ? `metadata.name=${mapping.objectName}` : undefined,
      limit: LIST_PAGE,
      signal,
    };
    for (const kind of kubernetes?.kinds ?? ['ConfigMap']) {
      const { client } = this.#world.objects[kind];
      for (let next: string | undefined = ''; next !== undefined;) {
        const page = await client.list({ ...selection, continue: next || undefined });
        for (const object of page.items) this.#tell(sync, kind, object);
        next = page.continue;
      }
    }
  }

  async #readOne(sync: NacosConfigSync, kind: MirrorKind, name: string): Promise<void> {
    const { namespace } = sync.metadata;
    const { client, find } = this.#world.objects[kind];
    const seen = find(`${namespace}/${name}`);
    const isMeant = seen !== undefined && this.#isSelected(sync, kind, seen);
    const object = isMeant ? await client.get(name, namespace) : undefined;
    if (object) return this.#tell(sync, kind, object);
    this.#meant.delete(objectText({ kind, name }));
    this.#onKeys(kind, name, []);
  }

  #tell(sync: NacosConfigSync, kind: MirrorKind, object: DataObject & { type?: string }): void {
    const isMeant = this.#isSelected(sync, kind, object) && isExportableType(sync, kind, object.type);
    const text = objectText({ kind, name: object.metadata.name });
    if (isMeant) this.#meant.add(text);
    else this.#meant.delete(text);
    const keys = isMeant ? [...Object.keys(object.data ?? {}), ...Object.keys(object.binaryData ?? {})] : [];
    this.#onKeys(kind, object.metadata.name, keys);
  }

  #isSelected(sync: NacosConfigSync, kind: MirrorKind, object: DataObject): boolean {
    const { namespace, name } = object.metadata;
    return isSelected(sync, {
      kind,
      object,
      isLogin: kind === 'Secret' && this.#world.isLogin(`${namespace}/${name}`),
    });
  }
}
