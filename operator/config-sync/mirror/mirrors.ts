/**
 * From Nacos to Kubernetes: the objects that NacosConfigs mirror their dataIds into.
 *
 * Guarantees, besides those of mirror-keeper.ts
 * - A config that is absent in Nacos never blanks or removes a mirror.
 * - What was mirrored before under another name, or as another kind, is removed, but only once its successor is there.
 */
import type { NacosConfig } from '../../api/resources.ts';
import type { Verdict } from '../../kube/conditions.ts';
import { isControlledBy } from '../../kube/owner.ts';
import type { KubeObject } from '../../kube/resource.ts';
import type { StoreChange } from '../../kube/store.ts';
import type { VersionObservation } from '../../nacos/index.ts';
import type { ConfigFormat } from '../formats/format.ts';
import { entriesOf } from '../validation.ts';
import { generationName, generationsOf } from './generations.ts';
import { MirrorKeeper, type MirrorKeeperOptions } from './mirror-keeper.ts';
import type { WantedMirror } from './mirror-object.ts';
import type { MirrorKind, MirrorTarget } from './mirror-target.ts';
import { StaleMirrors } from './stale-mirrors.ts';
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
  /** Of the content, for `Env`. */
  readonly format: ConfigFormat;
}

export interface MirrorResult {
  readonly verdict: Verdict;
  readonly written: Written | undefined;
  /** The object that holds the mirror; undefined while there is none. */
  readonly mirror: PresentMirror | undefined;
}

export interface PresentMirror {
  readonly kind: MirrorKind;
  readonly name: string;
  /** Of the dataId's content that it holds; undefined when it holds what Nacos held before the dataId was removed. */
  readonly md5: string | undefined;
  /** When its content last replaced other content, in milliseconds since the epoch. */
  readonly changedAtMs: number | undefined;
}

export class Mirrors {
  readonly #access: MirrorKeeperOptions['access'];
  readonly #keeper: MirrorKeeper;
  readonly #stale: StaleMirrors;

  /** `onNews` is told the key of a NacosConfig. */
  constructor(options: MirrorKeeperOptions) {
    this.#access = options.access;
    this.#keeper = new MirrorKeeper(options);
    this.#stale = new StaleMirrors(options.access, this.#keeper);
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
    this.#stale.look(key, resource, target);
    if (served.observation.kind === 'absent') return this.#keep(request);
    const { md5 } = served.observation.snapshot;
    const wanted = this.#wanted(request, md5);
    const { changedAt, keys, written } = await this.#keeper.bringUp(key, wanted);
    const { kind, name } = wanted;
    await this.#stale.remove(key, resource, target, name);
    return {
      verdict: mirrored(target, name, md5, keys.length),
      written,
      mirror: { kind, name, md5, changedAtMs: msOf(changedAt) },
    };
  }

  /** Of a NacosConfig that mirrors no more. */
  async removeAll(key: string, resource: NacosConfig): Promise<void> {
    this.#keeper.seen.forget(key);
    this.#stale.look(key, resource, undefined);
    await this.#stale.remove(key, resource, undefined, undefined);
  }

  forget(key: string): void {
    this.#keeper.seen.forget(key);
    this.#stale.forget(key);
  }

  #wanted({ resource: owner, target, served, format }: MirrorRequest, md5: string): WantedMirror {
    const { kind, immutable, content } = target;
    const name = immutable ? generationName(target.name, md5) : target.name;
    const [latest] = immutable ? this.#generations(owner, target) : [];
    return {
      owner,
      kind,
      name,
      immutable,
      predecessor: latest?.metadata.name === name ? undefined : latest,
      what: JSON.stringify([owner.metadata.uid, target, format, md5]),
      // Which keys `Env` makes only the content tells.
      proof: content.format === 'File' ? { keys: [content.key], md5 } : undefined,
      needsOurs: false,
      async content() {
        const text = await served.contentOf(md5);
        if (content.format === 'File') return { md5, entries: { [content.key]: text } };
        const { namespace = '' } = owner.metadata;
        return { md5, entries: await entriesOf(text, { format, kind, namespace }) };
      },
    };
  }

  /** What is not in Nacos any more stays in its mirror. */
  #keep({ resource, target }: MirrorRequest): MirrorResult {
    const existing = this.#latest(resource, target);
    if (existing && !isControlledBy(existing, resource.metadata.uid ?? '')) {
      throw notOwned(target.kind, existing.metadata.name, resource.kind ?? '');
    }
    const name = existing?.metadata.name;
    const mirror = name === undefined ? undefined : { kind: target.kind, name, md5: undefined, changedAtMs: undefined };
    return { verdict: remoteMissing(target, name), written: undefined, mirror };
  }

  #latest(resource: NacosConfig, target: MirrorTarget): KubeObject | undefined {
    if (target.immutable) return this.#generations(resource, target)[0];
    return this.#access[target.kind].find(`${resource.metadata.namespace}/${target.name}`);
  }

  #generations({ metadata }: NacosConfig, { kind, name }: MirrorTarget): readonly KubeObject[] {
    return generationsOf(name, this.#access[kind].controlledBy(metadata.uid ?? ''));
  }
}

/** `keys` is how many are ours. */
function mirrored({ kind, content }: MirrorTarget, name: string, md5: string, keys: number): Verdict {
  const what = content.format === 'File' ? `Key '${content.key}'` : `${keys} keys`;
  const holds = content.format === 'File' ? 'holds' : 'hold';
  const message = `${what} of ${kind} '${name}' ${holds} what Nacos holds (md5 ${md5})`;
  return { status: 'True', reason: 'Mirrored', message };
}

function remoteMissing({ kind }: MirrorTarget, name: string | undefined): Verdict {
  const kept = name === undefined ? '' : `; ${kind} '${name}' keeps what it holds`;
  return { status: 'False', reason: 'RemoteMissing', message: `The dataId does not exist in Nacos${kept}` };
}

function msOf(time: string | undefined): number | undefined {
  const ms = Date.parse(time ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}
