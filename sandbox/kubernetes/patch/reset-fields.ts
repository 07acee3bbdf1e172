/**
 * The fields that a request through an endpoint cannot change, whatever it says: nobody comes to own them by it.
 *
 * Source: the `GetResetFields` of the strategies in k8s.io/kubernetes/pkg/registry and apiextensions-apiserver.
 */
import type { ResourceType } from '../resource-type.ts';
import { FieldSet } from './field-set.ts';
import { fieldElement } from './path-element.ts';

const status = FieldSet.of([fieldElement('status')]);
const spec = FieldSet.of([fieldElement('spec')]);
const ofCustomStatus = FieldSet.of([fieldElement('metadata')], [fieldElement('spec')]);

const ofBuiltInStatus: Readonly<Record<string, FieldSet>> = {
  CustomResourceDefinition: ofCustomStatus,
  Deployment: spec.union(FieldSet.of([fieldElement('metadata'), fieldElement('labels')])),
  Pod: spec.union(
    FieldSet.of(
      [fieldElement('metadata'), fieldElement('deletionTimestamp')],
      [fieldElement('metadata'), fieldElement('ownerReferences')],
    ),
  ),
};

export function resetFields(
  type: Pick<ResourceType, 'kind' | 'hasStatus' | 'isCustom'>,
  subresource: string | undefined,
): FieldSet {
  if (subresource === 'status') return type.isCustom ? ofCustomStatus : (ofBuiltInStatus[type.kind] ?? spec);
  return type.hasStatus && subresource === undefined ? status : FieldSet.empty;
}
