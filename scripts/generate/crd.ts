/**
 * The CustomResourceDefinitions of `crds/`, parsed once into what the generators need.
 */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';

/** The part of an OpenAPI v3 schema that our CRDs use. */
export interface Schema {
  readonly type: string;
  readonly description: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  /** The values of a map. */
  readonly additionalProperties?: Schema;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-validations'?: readonly Rule[];
}

/** A CEL rule. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
  readonly reason?: string;
}

export interface Crd {
  /** Name of the file in `crds/`. */
  readonly file: string;
  readonly text: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly version: string;
  readonly schema: Schema;
}

interface Manifest {
  readonly spec: {
    readonly names: { readonly kind: string; readonly plural: string; readonly shortNames: string[] };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

export async function loadCrds(folder: string): Promise<Crd[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort();
  return Promise.all(files.map(async (file) => parseCrd(file, await readFile(path.join(folder, file), 'utf8'))));
}

function parseCrd(file: string, text: string): Crd {
  const { names, versions } = (parse(text) as Manifest).spec;
  const [version] = versions;
  if (version === undefined || versions.length > 1) throw new Error(`${file} must declare exactly one version`);
  return { file, text, ...names, version: version.name, schema: version.schema.openAPIV3Schema };
}
