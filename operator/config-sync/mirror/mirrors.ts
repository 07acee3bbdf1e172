/**
 * From Nacos to Kubernetes: the objects that NacosConfigs mirror their dataIds into.
 *
 * Guarantees, besides those of each write (write-mirror.ts)
 * - A config that is absent in Nacos never blanks or removes a mirror.
 * - What was mirrored before under another name, or as another kind, is removed, but only once its successor is there.
 * - An object that has not changed since it was last seen to be right is not read again, not even before new content is
 *   written into it. One that an earlier process has left is not read where its metadata proves what it holds.
 * - The content is asked for only when an object has to be read or written.
 */
import type { NacosConfig } from '../../api/resources.ts';
import type { Clock } from '../../clock.ts';
import { BridgeError, isBridgeError } from '../../errors.ts';
import type { Verdict } from '../../kube/conditions.ts';
import { isControlledBy } from '../../kube/owner.ts';
import type { KubeObject } from '../../kube/resource.ts';
import type { StoreChange } from '../../kube/store.ts';
import type { VersionObservation } from '../../nacos/index.ts';
import type { ConfigFormat } from '../formats/format.ts';
import type { DataMetadata } from './data-proof.ts';
import { envEntries } from './env-entries.ts';
import { generationName, generationsOf } from './generations.ts';
import type { MirrorAccess } from './mirror-access.ts';
import { holdsOnly, isProven, type MirrorState, type MirrorVersion } from './mirror-object.ts';
import type { MirrorKind, MirrorTarget } from './mirror-target.ts';
import { SeenMirrors, type SeenMirror } from './seen-mirrors.ts';
import { StaleMirrors } from './stale-mirrors.ts';
import { changedAtOf, notOwned, writeMirror, type WriteMirrorOptions, type Written } from './write-mirror.ts';

export interface MirrorsOptions {
  readonly access: Readonly<Record<MirrorKind, MirrorAccess>>;
  readonly clock: Clock;
  /** Told the key of a NacosConfig whose object somebody else has changed while it was written. */
  readonly onNews: (key: string) => void;
}

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

/** An object that holds what it should. */
interface RightMirror {
  readonly changedAt: string | undefined;
  /** How many of its keys are ours. */
  readonly keys: number;
  readonly written?: Written;
}

export class Mirrors {
  readonly #options: MirrorsOptions;
  readonly #stale: StaleMirrors;
  readonly #seen: SeenMirrors;

  constructor(options: MirrorsOptions) {
    this.#options = options;
    this.#stale = new StaleMirrors(options.access);
    this.#seen = new SeenMirrors(options.onNews);
  }

  /** Whether a change of an object asks for a look at the NacosConfig that mirrors into it: our own writes do not. */
  isNews(key: string, change: StoreChange<KubeObject>): boolean {
    return this.#seen.isNews(key, change);
  }

  /**
   * @throws BridgeError NOT_OWNED; INVALID_CONTENT or INVALID_SPEC when the content does not fit the target; what was
   * mirrored before is left as it is then. What `contentOf` throws.
   */
  async sync(key: string, request: MirrorRequest): Promise<MirrorResult> {
    const { resource, target, served } = request;
    this.#stale.look(key, resource, target);
    if (served.observation.kind === 'absent') return this.#keep(request);
    const version = mirrorVersion(request, served.observation.snapshot.md5);
    const { changedAt, keys, written } = await this.#bringUp(key, version, request);
    await this.#stale.remove(key, resource, target, version.name);
    const { kind, name, md5 } = version;
    const mirror = { kind, name, md5, changedAtMs: msOf(changedAt) };
    return { verdict: mirrored(version, target, keys), written, mirror };
  }

  /** Of a NacosConfig that mirrors no more. */
  async removeAll(key: string, resource: NacosConfig): Promise<void> {
    this.#seen.forget(key);
    this.#stale.look(key, resource, undefined);
    await this.#stale.remove(key, resource, undefined, undefined);
  }

  forget(key: string): void {
    this.#seen.forget(key);
    this.#stale.forget(key);
  }

  async #bringUp(key: string, version: MirrorVersion, request: MirrorRequest): Promise<RightMirror> {
    const { target, format } = request;
    const { find, controlledBy } = this.#options.access[version.kind];
    const { namespace, uid } = version.owner.metadata;
    const [latest] = target.immutable ? generationsOf(target.name, controlledBy(uid ?? '')) : [];
    const predecessor = latest?.metadata.name === version.name ? undefined : latest;
    const what = JSON.stringify([uid, target, format, version.md5]);
    const found = find(`${namespace}/${version.name}`);
    const seen = this.#seen.of(key, found) ?? this.#proven(key, found, version, { target, what });
    if (seen?.what === what && predecessor === undefined) return { changedAt: changedAtOf(found), keys: seen.keys };
    const asLeft = seen?.isOursAlone ? found : undefined;
    return this.#write(key, await stateOf(version, request), { what, predecessor, asLeft });
  }

  /** What an earlier process has left. Later on the watch may lag behind our own writes, and show what was before. */
  #proven(
    key: string,
    found: DataMetadata | undefined,
    version: MirrorVersion,
    { target: { content }, what }: { target: MirrorTarget; what: string },
  ): SeenMirror | undefined {
    if (found === undefined || content.format !== 'File' || this.#seen.knows(key)) return undefined;
    if (!isProven(found, version, content.key)) return undefined;
    const { uid, resourceVersion } = found.metadata;
    const seen = { what, uid, resourceVersion, isOursAlone: true, keys: 1 };
    this.#seen.set(key, seen);
    return seen;
  }

  async #write(
    key: string,
    state: MirrorState,
    { what, ...before }: { what: string } & Pick<WriteMirrorOptions, 'predecessor' | 'asLeft'>,
  ): Promise<RightMirror> {
    const { client, find } = this.#options.access[state.kind];
    const objectKey = `${state.owner.metadata.namespace}/${state.name}`;
    this.#seen.begin(key, state.kind, objectKey);
    try {
      const { object, written } = await writeMirror(state, { client, nowMs: this.#options.clock.now(), ...before });
      const { uid, resourceVersion } = object.metadata;
      const keys = Object.keys(state.entries).length;
      this.#seen.set(key, { what, uid, resourceVersion, isOursAlone: holdsOnly(object, state), keys });
      return { changedAt: changedAtOf(object), keys, written };
    } catch (error) {
      throw withRight(error, state.kind);
    } finally {
      this.#seen.end(key, find(objectKey));
    }
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

  #latest({ metadata }: NacosConfig, { kind, name, immutable }: MirrorTarget): KubeObject | undefined {
    const { find, controlledBy } = this.#options.access[kind];
    return immutable ? generationsOf(name, controlledBy(metadata.uid ?? ''))[0] : find(`${metadata.namespace}/${name}`);
  }
}

/** What grants the right that is missing. */
function withRight(error: unknown, kind: MirrorKind): unknown {
  if (!isBridgeError(error, 'KUBE_FORBIDDEN')) return error;
  const value = kind === 'Secret' ? 'secrets.mirror' : 'mirror.enabled';
  return new BridgeError(error.code, `${error.message}; \`${value}\` of the chart grants it`, { cause: error });
}

function mirrorVersion({ resource, target }: MirrorRequest, md5: string): MirrorVersion {
  const { kind, immutable } = target;
  const name = immutable ? generationName(target.name, md5) : target.name;
  return { owner: resource, kind, name, immutable, md5 };
}

async function stateOf(version: MirrorVersion, { target, format, served }: MirrorRequest): Promise<MirrorState> {
  const text = await served.contentOf(version.md5);
  const { content, kind } = target;
  const entries = content.format === 'File' ? { [content.key]: text } : envEntries(text, format, kind);
  return { ...version, entries };
}

/** `keys` is how many are ours. */
function mirrored({ kind, name, md5 }: MirrorVersion, { content }: MirrorTarget, keys: number): Verdict {
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
