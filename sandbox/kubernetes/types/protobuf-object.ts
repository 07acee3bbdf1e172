/**
 * Reads an object of a built-in kind from the API server's protobuf form (`application/vnd.kubernetes.protobuf`): what
 * `kubectl create`, `run` and `auth can-i` send. Answers are JSON, which every client takes as well.
 *
 * Zero values are left out as they are in JSON: the form does not tell them from absent ones, but for the fields that are
 * required, and those of the optional ones where zero means something.
 *
 * Source: k8s.io/apimachinery/pkg/runtime/serializer/protobuf, and the numbers in built-in-wire-format.json
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { ApiFailure } from '../api-failure.ts';
import { apiVersionOf } from '../resource-type.ts';
import { builtInDefinitions, builtInFacts } from './built-in-facts.ts';
import wireFormat from './built-in-wire-format.json' with { type: 'json' };

interface Field {
  readonly name: string;
  readonly label: 'repeated' | 'map' | undefined;
  readonly type: string;
}

const magic = Buffer.from('k8s\0');
const intOrString = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';
const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const meaningfulZeros: ReadonlySet<string> = new Set([
  'allocateLoadBalancerNodePorts',
  'allowPrivilegeEscalation',
  'automountServiceAccountToken',
  'enableServiceLinks',
  'gracePeriodSeconds',
  'partition',
  'replicas',
  'revisionHistoryLimit',
  'terminationGracePeriodSeconds',
]);

/** Kinds that are sent and not stored, by apiVersion and kind. */
const definitions = new Map([
  ['authentication.k8s.io/v1 TokenRequest', 'io.k8s.api.authentication.v1.TokenRequest'],
  ['authorization.k8s.io/v1 SelfSubjectAccessReview', 'io.k8s.api.authorization.v1.SelfSubjectAccessReview'],
  ['autoscaling/v1 Scale', 'io.k8s.api.autoscaling.v1.Scale'],
  ['v1 DeleteOptions', `${meta}.DeleteOptions`],
  ...builtInFacts.map((facts) => [`${apiVersionOf(facts)} ${facts.kind}`, facts.definition] as const),
]);

/** @throws ApiFailure `BadRequest` for bytes that are no such object, and for kinds that have no such form here */
export function decodeProtobufObject(bytes: Uint8Array): Record<string, unknown> {
  if (!magic.equals(bytes.subarray(0, magic.length))) {
    throw new ApiFailure(
      'BadRequest',
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    );
  }
  try {
    const { apiVersion, kind, raw } = readEnvelope(new BinaryReader(bytes.subarray(magic.length)));
    const definition = definitions.get(`${apiVersion} ${kind}`);
    if (definition === undefined) throw new Error(`no kind "${kind}" is registered for version "${apiVersion}"`);
    return { apiVersion, kind, ...readMessage(raw, definition) };
  } catch (error) {
    throw new ApiFailure('BadRequest', (error as Error).message);
  }
}

interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Uint8Array;
}

/** runtime.Unknown: 1 is the TypeMeta (1 apiVersion, 2 kind), 2 the object. */
function readEnvelope(reader: BinaryReader): Envelope {
  let type: readonly [string, string] = ['', ''];
  let raw: Uint8Array = new Uint8Array();
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === 1) type = readTypeMeta(new BinaryReader(reader.bytes()));
    else if (number === 2) raw = reader.bytes();
    else reader.skip(wireType, number);
  }
  return { apiVersion: type[0], kind: type[1], raw };
}

function readTypeMeta(reader: BinaryReader): [string, string] {
  const type: [string, string] = ['', ''];
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === 1) type[0] = reader.string();
    else if (number === 2) type[1] = reader.string();
    else reader.skip(wireType, number);
  }
  return type;
}

function readMessage(bytes: Uint8Array, message: string): Record<string, unknown> {
  const reader = new BinaryReader(bytes);
  const fields = fieldsOf(message);
  const { properties: inJson, required = [] } = builtInDefinitions[message] ?? {};
  const object: Record<string, unknown> = {};
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const field = fields.get(number);
    if (!field) reader.skip(wireType, number);
    else if (field.label === 'map') readEntry(new BinaryReader(reader.bytes()), field, object);
    else if (field.label === 'repeated') readItems(reader, wireType, field, object);
    else {
      const value = readValue(reader, field.type);
      const isInline = inJson !== undefined && !Object.hasOwn(inJson, field.name);
      if (isInline) Object.assign(object, value);
      else if (isPresent(value, required.includes(field.name) || meaningfulZeros.has(field.name)))
        object[field.name] = value;
    }
  }
  return object;
}

function readItems(
  reader: BinaryReader,
  wireType: WireType,
  { name, type }: Field,
  object: Record<string, unknown>,
): void {
  const items = (object[name] ??= []) as unknown[];
  if (wireType !== WireType.LengthDelimited || type === 'string' || type === 'bytes' || type.includes('.')) {
    items.push(readValue(reader, type));
    return;
  }
  const packed = new BinaryReader(reader.bytes());
  while (packed.pos < packed.len) items.push(readValue(packed, type));
}

function readEntry(reader: BinaryReader, { name, type }: Field, object: Record<string, unknown>): void {
  let key = '';
  let value: unknown = type === 'string' || type === 'bytes' ? '' : undefined;
  while (reader.pos < reader.len) {
    const [number] = reader.tag();
    if (number === 1) key = reader.string();
    else value = readValue(reader, type);
  }
  object[name] = { ...(object[name] as object | undefined), [key]: value };
}

function readValue(reader: BinaryReader, type: string): unknown {
  switch (type) {
    case 'string':
      return reader.string();
    case 'bool':
      return reader.bool();
    case 'int32':
    case 'int64':
      return Number(reader.int64());
    case 'double':
      return reader.double();
    case 'bytes':
      return Buffer.from(reader.bytes()).toString('base64');
    default:
      return asInJson(readMessage(reader.bytes(), type), type);
  }
}

/** What JSON writes in another form than that of a message. */
function asInJson(message: Record<string, unknown>, type: string): unknown {
  switch (type) {
    case `${meta}.Time`:
    case `${meta}.MicroTime`:
      return timeText(message, type.endsWith('MicroTime'));
    case 'io.k8s.apimachinery.pkg.api.resource.Quantity':
      return message['string'] ?? '0';
    case intOrString:
      return message['type'] === 1 ? (message['strVal'] ?? '') : (message['intVal'] ?? 0);
    case `${meta}.FieldsV1`:
      return jsonOf(message['Raw']);
    default:
      return message;
  }
}

function jsonOf(base64: unknown): unknown {
  if (typeof base64 !== 'string') return {};
  return JSON.parse(Buffer.from(base64, 'base64').toString('utf8')) as unknown;
}

function timeText({ seconds, nanos = 0 }: Record<string, unknown>, isMicro: boolean): string | undefined {
  if (typeof seconds !== 'number') return undefined;
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return isMicro ? `${whole}.${String(Math.trunc(Number(nanos) / 1000)).padStart(6, '0')}Z` : `${whole}Z`;
}

function isPresent(value: unknown, mayBeZero: boolean): boolean {
  if (value === undefined) return false;
  return mayBeZero || (value !== '' && value !== 0 && value !== false);
}

const read = new Map<string, ReadonlyMap<number, Field>>();

function fieldsOf(message: string): ReadonlyMap<number, Field> {
  const known = read.get(message);
  if (known) return known;
  const text = (wireFormat as Readonly<Record<string, string>>)[message];
  if (text === undefined) throw new Error(`no message ${message}`);
  const fields = new Map<number, Field>();
  for (const described of text === '' ? [] : text.split(', ')) {
    const [name = '', number = '', ...rest] = described.split(' ');
    const label = rest.length === 2 ? (rest[0] as 'repeated' | 'map') : undefined;
    fields.set(Number(number), { name, label, type: rest.at(-1) ?? '' });
  }
  read.set(message, fields);
  return fields;
}
