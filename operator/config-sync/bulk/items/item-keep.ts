/**
 * How a person decides the conflict of an item: by the annotation `bridge.nacos.io/keep` of its ConfigMap, as
 * `KEY:KEPT:OTHER`, several with commas between them. It names the key and the md5 of both contents (`-` for none), so that it
 * cannot decide a later conflict that nobody has seen.
 *
 * Pure.
 */
import { KEEP_ANNOTATION } from '../../../api/names.ts';
import type { KubeObject } from '../../../kube/resource.ts';
import type { KeyRef } from '../mapping.ts';

const NOTHING = '-';

function partsOf({ metadata }: KubeObject): string[] {
  return metadata.annotations?.[KEEP_ANNOTATION]?.split(',') ?? [];
}

/** The keys that it names. */
export function keptKeys(object: KubeObject | undefined): string[] {
  return object === undefined ? [] : partsOf(object).map((part) => part.split(':')[0] ?? '');
}

/** The md5 to keep, if it is said of these two contents. */
export function keptMd5(object: KubeObject, key: string, md5s: readonly (string | undefined)[]): string | undefined {
  const [a, b] = md5s.map((md5) => md5 ?? NOTHING);
  const said = partsOf(object)
    .map((part) => part.split(':'))
    .find(([name, kept, other]) => name === key && [`${a} ${b}`, `${b} ${a}`].includes(`${kept} ${other}`));
  return said?.[1];
}

/** What the annotation is when nothing is said of `key` any more; undefined for none. */
export function withoutKey(object: KubeObject, key: string): string | undefined {
  const rest = partsOf(object).filter((part) => !part.startsWith(`${key}:`));
  return rest.length === 0 ? undefined : rest.join(',');
}

export function keepCommand(namespace: string, { key, name }: KeyRef): (kept: string, other?: string) => string {
  const start = `kubectl annotate configmap ${name} -n ${namespace} --overwrite ${KEEP_ANNOTATION}=`;
  return (kept, other = NOTHING) => `${start}${key}:${kept}:${other}`;
}
