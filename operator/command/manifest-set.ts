/**
 * The objects of a command line, admitted, found by kind, namespace and name, and each with the manifest it came from.
 */
import type { NacosConfig, NacosConfigSync, NacosConnection } from '../api/resources.ts';
import type { ConfigMap, Secret } from '../config-sync/mirror/data-object.ts';
import type { Admission } from './admission.ts';
import type { Manifest, ManifestObject } from './manifest.ts';
import { problemOf, type Problem } from './problem.ts';

interface Kinds {
  ConfigMap: ConfigMap;
  NacosConfig: NacosConfig;
  NacosConfigSync: NacosConfigSync;
  NacosConnection: NacosConnection;
  Secret: Secret;
}

export interface Entry<Kind extends keyof Kinds> {
  readonly manifest: Manifest;
  readonly object: Kinds[Kind];
}

interface AdmittedManifest {
  readonly manifest: Manifest;
  readonly object: ManifestObject;
}

export interface JudgedManifest {
  readonly manifest: Manifest;
  readonly admission: Admission;
}

export class ManifestSet {
  /** Objects that are nobody's business here. */
  readonly passedOver: readonly Manifest[];
  readonly #entries: ReadonlyMap<string, AdmittedManifest>;

  private constructor(entries: ReadonlyMap<string, AdmittedManifest>, passedOver: readonly Manifest[]) {
    this.#entries = entries;
    this.passedOver = passedOver;
  }

  /** What is refused is in the problems, and not in the set. */
  static admit(judged: Iterable<JudgedManifest>): { set: ManifestSet; problems: Problem[] } {
    const entries = new Map<string, AdmittedManifest>();
    const problems: Problem[] = [];
    const passedOver: Manifest[] = [];
    for (const { admission, manifest } of judged) {
      if (admission.kind === 'passed-over') passedOver.push(manifest);
      if (admission.kind === 'refused') problems.push(...admission.problems);
      if (admission.kind !== 'admitted') continue;
      const { object } = admission;
      const key = keyOf(object.kind, object.metadata.namespace ?? '', object.metadata.name);
      const first = entries.get(key);
      if (first)
        problems.push(problemOf(manifest, 'metadata.name', `is declared twice, also in ${placeText(first.manifest)}`));
      else entries.set(key, { manifest, object });
    }
    return { set: new ManifestSet(entries, passedOver), problems };
  }

  /** Of all admitted objects. */
  get manifests(): Manifest[] {
    return [...this.#entries.values()].map(({ manifest }) => manifest);
  }

  /** In the order of the files. */
  all<Kind extends keyof Kinds>(kind: Kind): Entry<Kind>[] {
    return [...this.#entries.values()].filter(({ object }) => object.kind === kind) as unknown as Entry<Kind>[];
  }

  find<Kind extends keyof Kinds>(kind: Kind, namespace: string, name: string): Entry<Kind> | undefined {
    return this.#entries.get(keyOf(kind, namespace, name)) as unknown as Entry<Kind> | undefined;
  }
}

/** Such as `apps/orders.yaml:1`. */
export function placeText(manifest: Manifest): string {
  return `${manifest.file}:${manifest.placeOf('').line}`;
}

function keyOf(kind: string, namespace: string, name: string): string {
  return `${kind} ${namespace}/${name}`;
}
