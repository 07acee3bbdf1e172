/**
 * CustomResourceDefinitions are taken as they are, as long as their versions can be served. Whether a schema is
 * structural, and all else that the API server asks of a definition, is not judged.
 */
import { isDeepStrictEqual } from 'node:util';
import { invalid, required } from '../../../../operator/admission/field-problem.ts';
import { listAt, objectAt, stringAt } from '../../../../operator/admission/json.ts';
import type { CrdVersion, CustomResourceDefinition } from '../custom-resource-definition.ts';
import { customResourceType } from '../custom-resource-type.ts';
import type { BuiltInRules } from '../kind-rules.ts';
import { fillMissing } from './missing.ts';

export const definitionRules: BuiltInRules = {
  plainFinalizers: true,
  fillIn(definition) {
    const spec = objectAt(definition, 'spec');
    const names = objectAt(spec, 'names');
    const kind = stringAt(names, 'kind');
    if (kind !== '') fillMissing(names, { singular: kind.toLowerCase(), listKind: `${kind}List` });
    spec['conversion'] = { strategy: 'None', ...objectAt(spec, 'conversion') };
  },
  *problems(definition, previous) {
    const spec = objectAt(definition, 'spec');
    if (isDeepStrictEqual(spec, previous?.['spec'])) return;
    const names = objectAt(spec, 'names');
    const name = stringAt(objectAt(definition, 'metadata'), 'name');
    if (name !== `${stringAt(names, 'plural')}.${stringAt(spec, 'group')}`) {
      yield invalid('metadata.name', name, 'must be spec.names.plural+"."+spec.group');
    }
    for (const field of ['kind', 'plural']) {
      if (stringAt(names, field) === '') yield required(`spec.names.${field}`);
    }
    if (objectAt(spec, 'conversion')['strategy'] !== 'None') {
      yield invalid('spec.conversion.strategy', undefined, 'this server converts between versions by their name only');
    }
    for (const [index, version] of listAt(spec, 'versions').entries()) {
      const detail = unservable(definition, version);
      if (detail !== undefined) yield invalid(`spec.versions[${index}]`, undefined, detail);
    }
  },
};

function unservable(definition: object, version: unknown): string | undefined {
  try {
    customResourceType(definition as CustomResourceDefinition, version as CrdVersion);
    return undefined;
  } catch (error) {
    return `this server cannot serve it: ${(error as Error).message}`;
  }
}
