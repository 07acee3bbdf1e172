/**
 * What form of an answer a client asks for: plain objects, Tables for `kubectl get`, or metadata alone. Answers are JSON,
 * and YAML for single objects; a client that takes only protobuf is refused.
 *
 * Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
 */
import { ApiFailure } from '../api-failure.ts';

export interface AcceptedForm {
  readonly as: 'plain' | 'table' | 'metadata';
  /** Of meta.k8s.io, for tables and metadata. */
  readonly metaVersion: string;
  readonly encoding: 'json' | 'yaml';
}

const plain: AcceptedForm = { as: 'plain', metaVersion: 'v1', encoding: 'json' };
const served = 'application/json, application/yaml';

/**
 * The first form that can be made.
 *
 * @throws ApiFailure `NotAcceptable`
 */
export function acceptedForm(accept: string | undefined, shape: 'object' | 'list'): AcceptedForm {
  if (accept === undefined || accept.trim() === '') return plain;
  let wantsOther = false;
  for (const entry of accept.split(',')) {
    const [type = '', ...parameters] = entry.split(';').map((part) => part.trim());
    const encoding = encodingOf(type.toLowerCase());
    if (encoding === undefined) continue;
    const values = new Map(parameters.map((parameter) => splitOnce(parameter)));
    const as = values.get('as');
    if (as === undefined) return { ...plain, encoding };
    const metaVersion = values.get('v') ?? 'v1';
    const isMeta = values.get('g') === 'meta.k8s.io' && (metaVersion === 'v1' || metaVersion === 'v1beta1');
    if (isMeta && as === 'Table') return { as: 'table', metaVersion, encoding };
    if (isMeta && as === 'PartialObjectMetadata' && shape === 'object')
      return { as: 'metadata', metaVersion, encoding };
    if (isMeta && as === 'PartialObjectMetadataList' && shape === 'list')
      return { as: 'metadata', metaVersion, encoding };
    wantsOther = true;
  }
  const message = wantsOther
    ? `only the following media types are accepted: ${served}`
    : '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml';
  throw new ApiFailure('NotAcceptable', message);
}

function encodingOf(type: string): 'json' | 'yaml' | undefined {
  if (type === 'application/json' || type === 'application/*' || type === '*/*') return 'json';
  return type === 'application/yaml' ? 'yaml' : undefined;
}

function splitOnce(parameter: string): [string, string] {
  const at = parameter.indexOf('=');
  return at < 0 ? [parameter, ''] : [parameter.slice(0, at), parameter.slice(at + 1)];
}
