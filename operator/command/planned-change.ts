/**
 * What a decision would do to Nacos, for people: a verdict, and a unified diff where something would be written.
 *
 * The content of a Secret is shown by its MD5 alone, on both sides.
 */
import { stringify } from 'yaml';
import type { Decision } from '../config-sync/decide.ts';
import { metadataToPublish, type RemoteMetadata } from '../config-sync/remote.ts';
import type { Subject } from '../config-sync/subject.ts';
import { describeKey } from '../nacos/index.ts';
import { unifiedDiff } from './unified-diff.ts';

export const verdicts = ['created', 'updated', 'conflicting', 'left alone', 'unchanged'] as const;

export interface PlannedChange {
  readonly verdict: (typeof verdicts)[number];
  /** Why nothing is written although the sides differ; '' else. */
  readonly message: string;
  /** '' when nothing would be written. */
  readonly patch: string;
}

export function plannedChange({ plan, nacos }: Decision, subject: Subject): PlannedChange {
  switch (plan.kind) {
    case 'in-sync':
      return { verdict: 'unchanged', message: '', patch: '' };
    case 'conflict':
      return { verdict: 'conflicting', message: plan.message, patch: '' };
    case 'drifted':
    case 'remote-missing':
      return { verdict: 'left alone', message: plan.message, patch: '' };
    case 'write-back':
      return { verdict: 'left alone', message: 'The content of Nacos would be written to Kubernetes', patch: '' };
    case 'publish': {
      const patch = contentPatch(nacos, subject) + metadataPatch(nacos.metadata, subject);
      return { verdict: plan.cas === 'create-only' ? 'created' : 'updated', message: '', patch };
    }
  }
}

function contentPatch({ content, md5 }: Decision['nacos'], subject: Subject): string {
  const { declared, place } = subject;
  if (declared.kind === 'absent') return '';
  const shown = (text: string | undefined, itsMd5: string | undefined) =>
    place.isSecret && itsMd5 !== undefined ? `(content of a Secret, md5 ${itsMd5})\n` : text;
  return unifiedDiff(
    { title: titles(subject).before, text: shown(content, md5) },
    { title: titles(subject).after, text: shown(declared.content, declared.md5) },
  );
}

/** Undefined metadata is that of a dataId that does not exist, or that the server does not tell. */
function metadataPatch(remote: RemoteMetadata | undefined, subject: Subject): string {
  if (remote === undefined) return '';
  const { before, after } = titles(subject);
  return unifiedDiff(
    { title: `${before} (metadata)`, text: metadataText(remote) },
    { title: `${after} (metadata)`, text: metadataText(metadataToPublish(subject.intent, remote, subject.mark)) },
  );
}

function titles({ resource, session }: Subject): { before: string; after: string } {
  const { name, namespace } = resource.metadata;
  return { before: `Nacos ${describeKey(session.address)}`, after: `NacosConfig ${namespace}/${name}` };
}

function metadataText({ appName, description, tags, type }: RemoteMetadata): string {
  return stringify({ type, tags: tags.toSorted(), description, appName }, { lineWidth: 0 });
}
