/**
 * What a decision would do to Nacos, for people: a verdict, and a unified diff where something would be written.
 *
 * Of content that is in a Secret nothing is shown on either side, no digest either: what is short could be guessed by it.
 */
import { stringify } from 'yaml';
import type { ConfigItem, Decision } from '../config-sync/decide.ts';
import { metadataToPublish, type RemoteMetadata } from '../config-sync/remote.ts';
import { withoutMd5s } from '../config-sync/report.ts';
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

/** A conflict is one: what is declared is not what Nacos holds, and applying the manifests would not make it so. */
export function isDifference({ verdict }: PlannedChange): boolean {
  return verdict === 'created' || verdict === 'updated' || verdict === 'conflicting';
}

/** `title` is that of the item, such as "NacosConfig ns/app". */
export async function plannedChange(decision: Decision, item: ConfigItem, title: string): Promise<PlannedChange> {
  const change = await changeOf(decision, item, title);
  return item.place.isSecret ? { ...change, message: withoutMd5s(change.message) } : change;
}

async function changeOf({ plan, observed }: Decision, item: ConfigItem, title: string): Promise<PlannedChange> {
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
      const titles = { before: `Nacos ${describeKey(item.session.address)}`, after: title };
      const patch = (await contentPatch(observed, item, titles)) + metadataPatch(observed.metadata, item, titles);
      return { verdict: plan.cas === 'create-only' ? 'created' : 'updated', message: '', patch };
    }
  }
}

interface Titles {
  readonly before: string;
  readonly after: string;
}

async function contentPatch(
  { content, md5 }: Decision['observed'],
  { declared, place }: ConfigItem,
  titles: Titles,
): Promise<string> {
  if (declared.kind === 'absent') return '';
  const { isSecret } = place;
  if (isSecret && md5 === declared.md5) return '';
  const before = isSecret && md5 !== undefined ? '(other content, not shown)\n' : content;
  const after = isSecret ? '(content of a Secret, not shown)\n' : await declared.content();
  return unifiedDiff({ title: titles.before, text: before }, { title: titles.after, text: after });
}

/** Undefined metadata is that of a dataId that does not exist, or that the server does not tell. */
function metadataPatch(remote: RemoteMetadata | undefined, { intent, mark }: ConfigItem, titles: Titles): string {
  if (remote === undefined) return '';
  return unifiedDiff(
    { title: `${titles.before} (metadata)`, text: metadataText(remote) },
    { title: `${titles.after} (metadata)`, text: metadataText(metadataToPublish(intent, remote, mark)) },
  );
}

function metadataText({ appName, description, tags, type }: RemoteMetadata): string {
  return stringify({ type, tags: tags.toSorted(), description, appName }, { lineWidth: 0 });
}
