/**
 * The objects of a command line, admitted, found by kind, namespace and name, and each with the manifest it came from.
 */
import type { NacosConfig, NacosConfigSync, NacosConnection } from '../api/resources.ts';
import type { ConfigMap, Secret } from '../config-sync/mirror/data-object.ts';
import type { Admissions } from './admission.ts';
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

export class ManifestSet {
  /** Objects that are nobody's business here. */
  readonly passedOver: number;
  readonly #entries: ReadonlyMap<string, AdmittedManifest>;

  private constructor(entries: ReadonlyMap<string, AdmittedManifest>, passedOver: number) {
    this.#entries = entries;
    this.passedOver = passedOver;
  }

  /** What is refused is in the problems, and not in the set. */
  static admit(manifests: readonly Manifest[], admissions: Admissions): { set: ManifestSet; problems: Problem[] } {
    const entries = new Map<string, AdmittedManifest>();
    const problems: Problem[] = [];
    let passedOver = 0;
    for (const manifest of manifests) {
      const admission = admissions.admit(manifest);
      if (admission.kind === 'passed-over') passedOver += 1;
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

  get size(): number {
    return this.#entries.size;
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
