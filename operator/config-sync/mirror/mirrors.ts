/**
 * From Nacos to Kubernetes: the objects that NacosConfigs mirror their dataIds into.
 *
 * Guarantees, besides those of mirror-keeper.ts
 * - A config that is absent in Nacos never blanks or removes a mirror.
 * - What Nacos holds is validated before it is mirrored, whoever wrote it there; until it is right, the mirror stays as it is.
 * - What was mirrored before under another name, or as another kind, is removed, but only once its successor is there.
 */
import { MERGE_FINALIZER } from '../../api/names.ts';
import type { NacosConfig } from '../../api/resources.ts';
import { BridgeError, isBridgeError } from '../../errors.ts';
import { findCondition, type Verdict } from '../../kube/conditions.ts';
import { hasFinalizer } from '../../kube/finalizer.ts';
import type { ResourceClient } from '../../kube/resource-client.ts';
import type { KubeObject } from '../../kube/resource.ts';
import type { StoreChange } from '../../kube/store.ts';
import type { VersionObservation } from '../../nacos/index.ts';
import type { ConfigFormat } from '../formats/format.ts';
import { checkContent, entriesOf, type ContentRules } from '../validation.ts';
import { Merges } from './merges.ts';
import { generationName, generationsOf } from './generations.ts';
import { MirrorKeeper, type MirrorKeeperOptions } from './mirror-keeper.ts';
import type { WantedMirror } from './mirror-object.ts';
import { isOwnedBy } from './mirror-owner.ts';
import type { MirrorKind, MirrorTarget } from './mirror-target.ts';
import type { ObjectUsers } from './object-users.ts';
import { StaleMirrors, type Cleared, type RemovedMirror } from './stale-mirrors.ts';
import { notOwned, type Written } from './write-mirror.ts';

/** What Nacos serves. */
export interface ServedContent {
  readonly observation: VersionObservation;
  /** The content of that version. Throws a BridgeError when Nacos cannot be asked, or serves another one by now. */
  readonly contentOf: (md5: string) => Promise<string>;
}

/** What is to be mirrored, and where. */
export interface MirrorRequest {
  readonly resource: NacosConfig;
  readonly target: MirrorTarget;
  readonly served: ServedContent;
  readonly format: ConfigFormat;
  /** What is not valid is not mirrored. */
  readonly validation: ContentRules;
}

export interface MirrorResult {
  readonly verdict: Verdict;
  readonly written: Written | undefined;
  /** Former mirrors that are gone now. */
  readonly removed: readonly RemovedMirror[];
  /** The object that holds the mirror; undefined while there is none. */
  readonly mirror: PresentMirror | undefined;
  /** Of the objects that hold the mirror or former ones, for the status. */
  readonly kinds: readonly MirrorKind[];
}

export interface PresentMirror {
  readonly kind: MirrorKind;
  readonly name: string;
  readonly uid: string | undefined;
  /** Of the dataId's content that it holds; undefined when it holds what Nacos held before the dataId was removed. */
  readonly md5: string | undefined;
  /** How it holds the content: under which key, or read in which format. */
  readonly form: string;
  /** When its content last replaced other content, in milliseconds since the epoch. */
  readonly changedAtMs: number | undefined;
}

export interface MirrorsOptions extends MirrorKeeperOptions {
  readonly users: ObjectUsers;
  readonly configClient: ResourceClient<NacosConfig>;
}

export class Mirrors {
  readonly #access: MirrorKeeperOptions['access'];
  readonly #keeper: MirrorKeeper;
  readonly #stale: StaleMirrors;
  readonly #merges: Merges;

  /** `onNews` is told the key of a NacosConfig. */
  constructor(options: MirrorsOptions) {
    this.#access = options.access;
    this.#keeper = new MirrorKeeper(options);
    this.#stale = new StaleMirrors(options.access, this.#keeper, options.users);
    this.#merges = new Merges({ ...options, seen: this.#keeper.seen });
  }

  /** Whether a change of an object asks for a look at the NacosConfig that mirrors into it: our own writes do not. */
  isNews(key: string, change: StoreChange<KubeObject>): boolean {
    return this.#keeper.seen.isNews(key, change);
  }

  /**
   * @throws BridgeError NOT_OWNED; INVALID_CONTENT or INVALID_SPEC when the content does not fit the target; what was
   * mirrored before is left as it is then. What `contentOf` throws.
   */
  async sync(key: string, request: MirrorRequest): Promise<MirrorResult> {
    const { resource, target, served } = request;
    this.#stale.look(key, resource);
    this.#merges.look(key, resource);
    if (served.observation.kind === 'absent') return this.#keep(key, request);
    const { md5 } = served.observation.snapshot;
    const wanted = this.#wanted(request, md5);
    const { uid, changedAt, keys, written } = target.isMerged
      ? await this.#merges.bringUp(key, resource, wanted)
      : await this.#keeper.bringUp(key, wanted);
    const { kind, name } = wanted;
    const cleared = await this.#stale.remove(key, resource, target, name);
    const left = await this.#merges.clear(key, resource, target.isMerged ? wanted : undefined);
    return {
      verdict: mirrored(target, name, md5, keys.length, cleared),
      written,
      removed: [...cleared.removed, ...left],
      mirror: { kind, name, uid, md5, form: formOf(request), changedAtMs: msOf(changedAt) },
      kinds: this.#kindsOf(key, kind),
    };
  }

  /** Of a NacosConfig that mirrors no more. */
  async removeAll(key: string, resource: NacosConfig): Promise<readonly RemovedMirror[]> {
    this.#keeper.seen.forget(key);
    this.#stale.look(key, resource);
    this.#merges.look(key, resource);
    const { removed } = await this.#stale.remove(key, resource, undefined, undefined);
    // Without the finalizer nothing was merged, or what was is to be kept.
    const isMerged = hasFinalizer(resource, MERGE_FINALIZER);
    return isMerged ? [...removed, ...(await this.#merges.clear(key, resource, undefined))] : removed;
  }

  /** Of a NacosConfig that is being deleted; the garbage collector does the rest. */
  finalize(resource: NacosConfig): Promise<readonly RemovedMirror[]> {
    return this.#merges.finalize(resource);
  }

  forget(key: string): void {
    this.#keeper.seen.forget(key);
    this.#stale.forget(key);
    this.#merges.forget(key);
  }

  #wanted(request: MirrorRequest, md5: string): WantedMirror {
    const { resource: owner, target, served, format } = request;
    const { kind, immutable, content } = target;
    const name = immutable ? generationName(target.name, md5) : target.name;
    const [latest] = immutable ? this.#generations(owner, target) : [];
    return {
      owner,
      outlivesOwner: target.outlivesOwner,
      labels: target.labels,
      annotations: target.annotations,
      type: target.type,
      kind,
      name,
      immutable,
      predecessor: latest?.metadata.name === name ? undefined : latest,
      // With the generation, since other rules ask for another look at the same content.
      what: JSON.stringify([owner.metadata.uid, owner.metadata.generation, target, format, md5]),
      // Which keys `Env` makes only the content tells.
      proof: content.format === 'File' && wasRight(owner) ? { keys: [content.key], md5 } : undefined,
      needsOurs: false,
      async content() {
        const text = await served.contentOf(md5);
        const { namespace = '' } = owner.metadata;
        await checkServed(text, request, namespace);
        if (content.format === 'File') return { md5, entries: { [content.key]: text } };
        return { md5, entries: await entriesOf(text, { format, kind, namespace }) };
      },
    };
  }

  /** What is not in Nacos any more stays in its mirror. */
  #keep(key: string, request: MirrorRequest): MirrorResult {
    const { resource, target } = request;
    const existing = this.#latest(resource, target);
    if (existing && !target.isMerged && !isOwnedBy(existing, resource)) {
      throw notOwned(target.kind, existing.metadata.name, resource.kind ?? '');
    }
    const { name, uid } = existing?.metadata ?? {};
    const held = { kind: target.kind, uid, md5: undefined, form: formOf(request), changedAtMs: undefined };
    const mirror = name === undefined ? undefined : { ...held, name };
    const kinds = this.#kindsOf(key, mirror?.kind);
    return { verdict: remoteMissing(target, name), written: undefined, removed: [], mirror, kinds };
  }

  #kindsOf(key: string, present: MirrorKind | undefined): MirrorKind[] {
    const left: MirrorKind[] = this.#stale.mayHaveLeftSecret(key) ? ['Secret'] : [];
    return [...new Set(present === undefined ? left : [present, ...left])];
  }

  #latest(resource: NacosConfig, target: MirrorTarget): KubeObject | undefined {
    if (target.immutable) return this.#generations(resource, target)[0];
    return this.#access[target.kind].find(`${resource.metadata.namespace}/${target.name}`);
  }

  #generations(resource: NacosConfig, { kind, name }: MirrorTarget): readonly KubeObject[] {
    return generationsOf(name, this.#access[kind].ownedBy(resource));
  }
}

function formOf({ target: { content }, format }: MirrorRequest): string {
  return content.format === 'File' ? content.key : `Env ${format}`;
}

/** Whether the status says that it was mirrored as the present spec asks for: by the rules of the present `validation`. */
function wasRight({ metadata, status }: NacosConfig): boolean {
  const before = findCondition(status?.conditions, 'Mirrored');
  return before?.status === 'True' && before.observedGeneration === metadata.generation;
}

/** @throws BridgeError INVALID_CONTENT, of a content for a Secret without a word of it. */
async function checkServed(
  content: string,
  { target, format, validation }: MirrorRequest,
  namespace: string,
): Promise<void> {
  try {
    await checkContent(content, { format, validation }, { isSecret: target.kind === 'Secret', namespace });
  } catch (error) {
    if (!isBridgeError(error, 'INVALID_CONTENT')) throw error;
    throw new BridgeError('INVALID_CONTENT', `What Nacos holds is not mirrored. ${error.message}`);
  }
}

/** `keys` is how many are ours. */
function mirrored({ kind, content }: MirrorTarget, name: string, md5: string, keys: number, cleared: Cleared): Verdict {
  const count = keys === 1 ? '1 key' : `${keys} keys`;
  const what = content.format === 'File' ? `Key '${content.key}'` : count;
  const holds = content.format === 'File' || keys === 1 ? 'holds' : 'hold';
  const message = `${what} of ${kind} '${name}' ${holds} what Nacos holds (md5 ${md5})${keptText(cleared)}`;
  return { status: 'True', reason: 'Mirrored', message };
}

const MAX_NAMED = 5;

function keptText({ kept, unknown }: Cleared): string {
  if (kept.length === 0) return '';
  const named = kept.slice(0, MAX_NAMED).map((name) => `'${name}'`);
  const others = kept.length - named.length;
  const names = `${named.join(', ')}${others > 0 ? ` and ${others} more` : ''}`;
  const grant = '`mirror.enabled` or `secrets.mirror` of the chart grants that';
  const why = unknown
    ? `since it cannot be seen whether pods still name them: ${unknown.message}; ${grant}`
    : 'which pods or pod templates still name';
  return `; former ones are kept, ${names}, ${why}`;
}

function remoteMissing({ kind }: MirrorTarget, name: string | undefined): Verdict {
  const kept = name === undefined ? '' : `; ${kind} '${name}' keeps what it holds`;
  return { status: 'False', reason: 'RemoteMissing', message: `The dataId does not exist in Nacos${kept}` };
}

function msOf(time: string | undefined): number | undefined {
  const ms = Date.parse(time ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}
