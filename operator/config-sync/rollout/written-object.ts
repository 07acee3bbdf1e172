/**
 * What an object says of the last write of a NacosConfigSync to it: what it held then, and when that replaced other content.
 * So it tells, whoever is the leader by now, what the workloads that use it are to be restarted for.
 *
 * Pure. An object that a sync owns says it as every mirror does. A ConfigMap of users is given the same annotations with each
 * write that has a rollout, and the name of the sync; what users write themselves changes none of them. Between two writes
 * of ours they may have restarted their pods for something else, so of such an object each write counts, whatever it held.
 */
import { CHANGED_AT_ANNOTATION, CONTENT_MD5_ANNOTATION, MIRROR_LABEL, WRITTEN_BY_ANNOTATION } from '../../api/names.ts';
import type { NacosConfigSync } from '../../api/resources.ts';
import { isControlledBy } from '../../kube/owner.ts';
import type { KubeObject } from '../../kube/resource.ts';
import type { Store } from '../../kube/store.ts';
import { md5Of } from '../../nacos/index.ts';
import { becamePresentMs } from '../mirror/generations.ts';
import type { MirrorKind } from '../mirror/mirror-target.ts';
import { objectAnnotation, rolloutValue, type Debounce } from './rollout-plan.ts';
import type { Note, Target } from './restarts.ts';
import { objectsOf, type FoundWorkload } from './workloads.ts';

/** Undefined where there is none, or none now. */
export function rolloutOf({ metadata, spec: { rollout, suspend } }: NacosConfigSync): Debounce | undefined {
  const isOn = rollout?.auto && !suspend && metadata.deletionTimestamp === undefined;
  return isOn ? rollout : undefined;
}

/** The workloads of its namespace that use objects which it has written; `metadata` is that of the objects. */
export function targetsOf(
  sync: NacosConfigSync,
  workloads: readonly FoundWorkload[],
  metadata: Readonly<Record<MirrorKind, Pick<Store<KubeObject>, 'get'>>>,
): Target[] {
  const notesOf = (workload: FoundWorkload) =>
    objectsOf(workload).map(({ kind, name }) => {
      return noteOf(sync, kind, metadata[kind].get(`${sync.metadata.namespace}/${name}`));
    });
  return workloads
    .map((workload) => ({ workload, notes: notesOf(workload).filter((note) => note !== undefined) }))
    .filter(({ notes }) => notes.length > 0);
}

/** What a workload that uses the object is to carry; undefined for one that this sync was not the last to write. */
export function noteOf(sync: NacosConfigSync, kind: MirrorKind, object: KubeObject | undefined): Note | undefined {
  const { annotations = {}, name = '', uid } = object?.metadata ?? {};
  const md5 = annotations[CONTENT_MD5_ANNOTATION];
  if (object === undefined || md5 === undefined || !isWrittenBy(sync, object)) return undefined;
  const changedAt = annotations[CHANGED_AT_ANNOTATION];
  const changedAtMs = Date.parse(changedAt ?? '');
  const form = isMirror(object) ? 'keys' : (changedAt ?? 'keys');
  return {
    annotation: objectAnnotation({ kind, name }),
    present: rolloutValue({ kind, uid, md5, form }),
    former: [],
    changedAtMs: Number.isNaN(changedAtMs) ? undefined : changedAtMs,
  };
}

function isWrittenBy({ metadata: { name, uid = '' } }: NacosConfigSync, object: KubeObject): boolean {
  return (
    isControlledBy(object, uid) || (!isMirror(object) && object.metadata.annotations?.[WRITTEN_BY_ANNOTATION] === name)
  );
}

function isMirror({ metadata: { labels } }: KubeObject): boolean {
  return labels?.[MIRROR_LABEL] !== undefined;
}

/** A ConfigMap of users, with the md5 of each key. */
interface Viewed extends KubeObject {
  readonly keys: ReadonlyMap<string, { readonly md5: string | undefined }>;
}

/** The annotations that go with a write of `contents`, by their keys; undefined where nothing is restarted for it. */
export function writeAnnotations(
  { metadata: { name }, spec: { rollout } }: NacosConfigSync,
  before: Viewed | undefined,
  contents: Readonly<Record<string, string>>,
  nowMs: number,
): Record<string, string> | undefined {
  if (!rollout?.auto) return undefined;
  const former = [...(before?.keys ?? [])].map(([key, { md5 }]) => [key, md5] as const);
  const written = Object.entries(contents).map(([key, content]) => [key, md5Of(content)] as const);
  const md5s = [...new Map([...former, ...written])].sort(([a], [b]) => (a < b ? -1 : 1));
  const changedAt = new Date(Math.max(nowMs, becamePresentMs(before) + 1)).toISOString();
  return {
    [WRITTEN_BY_ANNOTATION]: name,
    [CONTENT_MD5_ANNOTATION]: md5Of(JSON.stringify(md5s)),
    ...(before && { [CHANGED_AT_ANNOTATION]: changedAt }),
  };
}
