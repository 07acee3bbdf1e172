/**
 * Which object a NacosConfig mirrors its dataId into, and how: `spec.mirror` with every default filled in.
 *
 * Pure. The API server has checked the schema and the CEL rules; what is checked again here is what an older stored
 * object, or a rule that CEL cannot say, may still break.
 */
import { API_GROUP, MANAGED_BY_LABEL } from '../../api/names.ts';
import type { NacosConfig } from '../../api/resources.ts';
import { BridgeError } from '../../errors.ts';
import { DATA_KEY_RULE, isDataKey, MAX_NAME_LENGTH } from '../../kube/limits.ts';

export type MirrorKind = 'ConfigMap' | 'Secret';

/** `File`: one key holds the content. `Env`: each entry of the content is a key. */
type MirrorContent = { readonly format: 'File'; readonly key: string } | { readonly format: 'Env' };

export interface MirrorTarget {
  readonly kind: MirrorKind;
  /** The name of the object, or, of an immutable one, what comes before the hash. */
  readonly name: string;
  /** Whether each content gets an immutable object of its own. */
  readonly immutable: boolean;
  readonly content: MirrorContent;
  /** Of an immutable one: how many objects of former contents stay, although nobody names them. */
  readonly historyLimit: number;
  /** Whether the object stays when the NacosConfig is deleted. */
  readonly outlivesOwner: boolean;
  /** Whether the object is somebody else's, and only keys are ours. */
  readonly isMerged: boolean;
  /** Besides ours; undefined for none. */
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
  /** Of a Secret; undefined where nobody cares. */
  readonly type: string | undefined;
}

const DEFAULT_HISTORY_LIMIT = 1;

/** Of the content, behind the name of an immutable object and a hyphen. */
export const HASH_DIGITS = 10;
const MAX_IMMUTABLE_NAME_LENGTH = MAX_NAME_LENGTH - HASH_DIGITS - 1;

/**
 * Undefined without a mirror. `dataId` is the key of a `File` for which none is named.
 *
 * @throws BridgeError INVALID_SPEC, with the field, the value and the rule.
 */
export function compileMirror(mirror: NacosConfig['spec']['mirror'], dataId: string): MirrorTarget | undefined {
  if (mirror === undefined) return undefined;
  const { configMap, secret, format, immutable, historyLimit = DEFAULT_HISTORY_LIMIT, mode, onDelete } = mirror;
  const { labels, annotations } = mirror;
  const object = configMap ?? secret;
  if (object === undefined || (configMap && secret)) {
    throw new BridgeError('INVALID_SPEC', '`spec.mirror` must have exactly one of `configMap` and `secret`');
  }
  const kind = configMap ? 'ConfigMap' : 'Secret';
  const field = configMap ? 'mirror.configMap' : 'mirror.secret';
  const target = {
    kind,
    name: object.name,
    immutable,
    historyLimit,
    outlivesOwner: onDelete === 'Keep',
    isMerged: mode === 'Merge',
    labels,
    annotations,
    type: secret?.type,
  } as const;
  checkNames('labels', labels);
  checkNames('annotations', annotations);
  if (immutable && mode === 'Merge') {
    throw new BridgeError(
      'INVALID_SPEC',
      "`spec.mirror.immutable` must not be true when `spec.mirror.mode` is 'Merge'",
    );
  }
  if (immutable && object.name.length > MAX_IMMUTABLE_NAME_LENGTH) {
    const rule = `must have at most ${MAX_IMMUTABLE_NAME_LENGTH} characters when \`immutable\` is true`;
    throw invalid(`${field}.name`, object.name, rule);
  }
  if (format === 'Env') {
    if (object.key !== undefined) throw invalid(`${field}.key`, object.key, "must not be set when `format` is 'Env'");
    return { ...target, content: { format } };
  }
  const { key = dataId } = object;
  if (!isDataKey(key)) throw invalid(`${field}.key`, key, `${DATA_KEY_RULE} (it is the dataId unless it is set)`);
  return { ...target, content: { format, key } };
}

/** As the API server asks for, and none of those that tell what a mirror is. */
const NAME = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const NAME_RULE =
  'must be at most 63 letters, digits, and the characters - _ . , after a domain and a slash if there is one';

function checkNames(field: 'labels' | 'annotations', entries: Readonly<Record<string, string>> = {}): void {
  for (const name of Object.keys(entries)) {
    if (!NAME.test(name)) throw invalid(`mirror.${field}`, name, NAME_RULE);
    const isOurs = name === MANAGED_BY_LABEL || name.startsWith(`${API_GROUP}/`);
    if (isOurs) throw invalid(`mirror.${field}`, name, 'must not be one that the operator writes itself');
  }
}

function invalid(field: string, value: string, rule: string): BridgeError {
  return new BridgeError('INVALID_SPEC', `\`spec.${field}\` '${value.slice(0, 100)}' ${rule}`);
}
