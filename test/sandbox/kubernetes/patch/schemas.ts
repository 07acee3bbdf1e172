/**
 * The schemas of the kinds in the tests: built-in ones, and one custom resource of this project.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { ResourceType } from '../../../../sandbox/kubernetes/resource-type.ts';
import type { Schema } from '../../../../operator/admission/schema.ts';
import { builtInFacts, builtInSchema } from '../../../../sandbox/kubernetes/types/built-in-facts.ts';

export type TestType = Pick<ResourceType, 'kind' | 'hasStatus' | 'isCustom' | 'schema'>;

const crdFile = join(import.meta.dirname, '../../../../crds/bridge.nacos.io_nacosconfigs.yaml');
const crd = parse(readFileSync(crdFile, 'utf8')) as {
  spec: { versions: [{ schema: { openAPIV3Schema: Schema } }] };
};

export function typeOf({ apiVersion, kind }: { apiVersion: string; kind: string }): TestType {
  const [version, group = ''] = apiVersion.split('/').reverse();
  const facts = builtInFacts.find((known) => known.kind === kind && known.group === group && known.version === version);
  if (facts) {
    const hasStatus = facts.subresources.includes('status');
    return { kind, hasStatus, isCustom: false, schema: builtInSchema(facts.definition) };
  }
  const { openAPIV3Schema: schema } = crd.spec.versions[0].schema;
  const { metadata = {} } = typeOf({ apiVersion: 'v1', kind: 'ConfigMap' }).schema.properties ?? {};
  return {
    kind,
    hasStatus: true,
    isCustom: true,
    schema: { ...schema, properties: { ...schema.properties, metadata } },
  };
}
