/**
 * Judges manifests as the API server would when they are created, or change what there is: by the schema and the rules of
 * our CRDs, and for ConfigMaps and Secrets by those of their kind. A field that a schema does not know is an error here, as with
 * `kubectl apply --validate=strict`.
 */
import type { KindSchema } from '../admission/kind-schema.ts';
import { loadKinds } from '../admission/kinds.ts';
import { API_GROUP } from '../api/names.ts';
import type { KubeObject } from '../kube/resource.ts';
import type { Manifest, ManifestObject } from './manifest.ts';
import { problemOf, type Problem } from './problem.ts';

export type Admission =
  /** Neither ours nor referred to by ours: nobody's business here. */
  | { readonly kind: 'passed-over' }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }
  /** With its namespace and every default. */
  | { readonly kind: 'admitted'; readonly object: ManifestObject };

export class Admissions {
  readonly #kinds: ReadonlyMap<string, KindSchema>;
  readonly #namespace: string;

  private constructor(kinds: ReadonlyMap<string, KindSchema>, namespace: string) {
    this.#kinds = kinds;
    this.#namespace = namespace;
  }

  /** @param namespace of the objects that name none */
  static async load(namespace: string): Promise<Admissions> {
    return new Admissions(await loadKinds(), namespace);
  }

  /** `stored` is what it changes. */
  admit(manifest: Manifest, stored?: KubeObject): Admission {
    const { apiVersion, kind } = manifest.object;
    const schema = this.#kinds.get(`${apiVersion}/${kind}`);
    if (schema === undefined) {
      if (!apiVersion.startsWith(`${API_GROUP}/`)) return { kind: 'passed-over' };
      return { kind: 'refused', problems: [problemOf(manifest, 'kind', `there is no ${kind} in ${apiVersion}`)] };
    }
    const judgement = schema.admit({ ...this.placed(manifest) }, stored && { ...stored });
    const problems = [
      ...judgement.unknownFields.map((field) => problemOf(manifest, field, 'there is no such field')),
      ...judgement.problems.map(({ field, message }) => problemOf(manifest, field, message)),
    ];
    if (problems.length > 0) return { kind: 'refused', problems };
    return { kind: 'admitted', object: judgement.object as unknown as ManifestObject };
  }

  /** With its namespace. */
  placed({ object }: Manifest): ManifestObject {
    return { ...object, metadata: { ...object.metadata, namespace: object.metadata.namespace ?? this.#namespace } };
  }
}
