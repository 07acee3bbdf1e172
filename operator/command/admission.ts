/**
 * Judges manifests as the API server would when they are created: by the schema and the rules of our CRDs, and for
 * ConfigMaps and Secrets by those of their kind. A field that a schema does not know is an error here, as with
 * `kubectl apply --validate=strict`.
 */
import { API_GROUP } from '../api/names.ts';
import { readManifests } from '../../sandbox/demonstration/package-files.ts';
import { ApiFailure } from '../../sandbox/kubernetes/api-failure.ts';
import type { ResourceType } from '../../sandbox/kubernetes/resource-type.ts';
import { builtInTypes } from '../../sandbox/kubernetes/types/built-in-types.ts';
import type { CustomResourceDefinition } from '../../sandbox/kubernetes/types/custom-resource-definition.ts';
import { customResourceType } from '../../sandbox/kubernetes/types/custom-resource-type.ts';
import { TypeRegistry } from '../../sandbox/kubernetes/types/type-registry.ts';
import { decode, prune } from '../../sandbox/kubernetes/validation/decode.ts';
import type { Manifest, ManifestObject } from './manifest.ts';
import { problemOf, type Problem } from './problem.ts';

/** Kinds of others that our resources refer to; all else in the files is nobody's business here. */
const REFERRED_TO: readonly string[] = ['v1/ConfigMap', 'v1/Secret'];

/** What the API server adds when a defect keeps it from running the rules: no defect of its own. */
const RULES_NOT_RUN = 'some validation rules were not checked';

export type Admission =
  | { readonly kind: 'passed-over' }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }
  /** With its namespace and every default. */
  | { readonly kind: 'admitted'; readonly object: ManifestObject };

export class Admissions {
  readonly #types: TypeRegistry;
  readonly #namespace: string;

  private constructor(types: TypeRegistry, namespace: string) {
    this.#types = types;
    this.#namespace = namespace;
  }

  /** @param namespace of the objects that name none */
  static async load(namespace: string): Promise<Admissions> {
    const types = new TypeRegistry(builtInTypes());
    for (const manifest of await readManifests('crds')) {
      const crd = manifest as unknown as CustomResourceDefinition;
      types.serve(
        crd.metadata.name,
        crd.spec.versions.map((version) => customResourceType(crd, version)),
      );
    }
    return new Admissions(types, namespace);
  }

  admit(manifest: Manifest): Admission {
    const { apiVersion, kind, metadata } = manifest.object;
    const isOurs = apiVersion.startsWith(`${API_GROUP}/`);
    if (!isOurs && !REFERRED_TO.includes(`${apiVersion}/${kind}`)) return { kind: 'passed-over' };
    const type = this.#types.findKind(apiVersion, kind);
    if (type === undefined) {
      return { kind: 'refused', problems: [problemOf(manifest, 'kind', `there is no ${kind} in ${apiVersion}`)] };
    }
    const namespace = metadata.namespace ?? this.#namespace;
    const object = { ...manifest.object, metadata: { ...metadata, namespace } };
    try {
      const unknown = unknownFieldsOf(object, type).map((field) =>
        problemOf(manifest, field, 'there is no such field'),
      );
      const admitted = admittedBy(type, object, manifest);
      if (unknown.length > 0 || admitted.kind === 'refused') {
        const others = admitted.kind === 'refused' ? admitted.problems : [];
        return { kind: 'refused', problems: [...unknown, ...others] };
      }
      return admitted;
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      return { kind: 'refused', problems: [problemOf(manifest, '', error.message)] };
    }
  }
}

/** @throws ApiFailure for values that cannot be decoded */
function unknownFieldsOf(object: ManifestObject, type: ResourceType): readonly string[] {
  if (!type.isCustom) return decode(object, type.schema, type).unknownFields;
  return prune(object, type.schema, type.schema.properties?.['metadata'] ?? {}).unknownFields;
}

function admittedBy(type: ResourceType, object: ManifestObject, manifest: Manifest): Admission {
  try {
    const admitted = type.admit(object, undefined, { fieldValidation: 'Ignore', subresource: undefined });
    return { kind: 'admitted', object: admitted.object };
  } catch (error) {
    if (!(error instanceof ApiFailure) || !error.details?.causes) throw error;
    const problems = error.details.causes.flatMap(({ field = '', message }) => {
      if (message.includes(RULES_NOT_RUN)) return [];
      const told = manifest.object.kind === 'Secret' ? withoutValue(message) : message;
      return [problemOf(manifest, field === '<nil>' ? '' : field, told)];
    });
    return { kind: 'refused', problems };
  }
}

/** `Invalid value: "the value": the rule` without the value, which may be secret. */
function withoutValue(message: string): string {
  return message.replace(/: .*: /s, ': ');
}
