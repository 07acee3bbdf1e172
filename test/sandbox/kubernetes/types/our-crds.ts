/** The types that `crds/` defines, as the registry of an embedded API server would serve them. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import type { CustomResourceDefinition } from '../../../../sandbox/kubernetes/types/custom-resource-definition.ts';
import { customResourceType } from '../../../../sandbox/kubernetes/types/custom-resource-type.ts';
import { TypeRegistry } from '../../../../sandbox/kubernetes/types/type-registry.ts';
import { admit } from './admission.ts';

const folder = path.join(import.meta.dirname, '../../../../crds');

export const crdNames = ['nacosconfigs', 'nacosconnections', 'nacosservices'] as const;

export function readCrd(name: (typeof crdNames)[number]): CustomResourceDefinition {
  return parse(readFileSync(path.join(folder, `bridge.nacos.io_${name}.yaml`), 'utf8')) as CustomResourceDefinition;
}

export function registryWithOurCrds(): TypeRegistry {
  const registry = new TypeRegistry();
  for (const name of crdNames) {
    const crd = admit(registry, readCrd(name)) as CustomResourceDefinition;
    registry.serve(
      crd.metadata.name,
      crd.spec.versions.map((version) => customResourceType(crd, version)),
    );
  }
  return registry;
}
