/**
 * The kinds that manifests are judged by: ours, as `crds/` describes them, and the ConfigMaps and Secrets that they refer
 * to.
 */
import { configMapRules, configMapSchema, secretRules, secretSchema } from './data-objects.ts';
import { KindSchema } from './kind-schema.ts';
import { readManifests } from './package-files.ts';
import type { Schema } from './schema.ts';

interface CustomResourceDefinition {
  readonly spec: {
    readonly group: string;
    readonly scope: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

/** By apiVersion and kind, such as `v1/Secret`. */
export async function loadKinds(): Promise<ReadonlyMap<string, KindSchema>> {
  const kinds = new Map([
    ['v1/ConfigMap', new KindSchema(configMapSchema, { namespaced: true, rules: configMapRules })],
    ['v1/Secret', new KindSchema(secretSchema, { namespaced: true, rules: secretRules })],
  ]);
  for (const manifest of await readManifests('crds')) {
    const { group, names, scope, versions } = (manifest as unknown as CustomResourceDefinition).spec;
    for (const { name, schema } of versions) {
      const options = { namespaced: scope === 'Namespaced', plainFinalizers: true };
      const kind = new KindSchema(schema.openAPIV3Schema, options);
      kinds.set(`${group}/${name}/${names.kind}`, kind);
    }
  }
  return kinds;
}
