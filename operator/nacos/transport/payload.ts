/**
 * The gRPC message of Nacos, and its protobuf encoding.
 *
 * Every call and every push is one `Payload`: a type name and a JSON body in an envelope of three small messages (proto
 * of Nacos 2.0 to 3.1; the field numbers never changed). The three are written out here by hand, which is shorter than a
 * protobuf library.
 *
 *   Payload  { Metadata metadata = 2; google.protobuf.Any body = 3; }
 *   Metadata { string type = 3; map<string, string> headers = 7; string clientIp = 8; }
 *   Any      { string type_url = 1; bytes value = 2; }        type_url stays empty, as the Java client leaves it
 *
 * Guarantees: unknown fields are skipped, a later field wins as protobuf demands, and input that is cut short or is not
 * UTF-8 throws a RangeError or TypeError instead of giving half a message.
 */
export interface Payload {
  /** Simple name of the Java class of the body, such as `ConfigQueryRequest`: the only discriminator there is. */
  readonly type: string;
  readonly clientIp: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body: string;
}

export function encodePayload(payload: Payload): Buffer {
  const headers = Object.entries(payload.headers).map(([name, value]) =>
    field(7, [textField(1, name), textField(2, value)]),
  );
  const metadata = field(2, [textField(3, payload.type), ...headers, textField(8, payload.clientIp)]);
  return Buffer.concat([metadata, field(3, [textField(2, payload.body)])]);
}

export function decodePayload(bytes: Uint8Array): Payload {
  let type = '';
  let clientIp = '';
  let body = '';
  const headers: [string, string][] = [];
  const decodeMetadata = (number: number, value: Uint8Array): void => {
    if (number === 3) type = text(value);
    if (number === 7) headers.push(decodeEntry(value));
    if (number === 8) clientIp = text(value);
  };
  const decodeAny = (number: number, value: Uint8Array): void => {
    if (number === 2) body = text(value);
  };
  readFields(bytes, (number, value) => {
    if (number === 2) readFields(value, decodeMetadata);
    if (number === 3) readFields(value, decodeAny);
  });
  return { type, clientIp, headers: Object.fromEntries(headers), body };
}

function decodeEntry(bytes: Uint8Array): [string, string] {
  let name = '';
  let value = '';
  readFields(bytes, (number, part) => {
    if (number === 1) name = text(part);
    if (number === 2) value = text(part);
  });
  return [name, value];
}

const lengthDelimited = 2;

function field(number: number, parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([varint((number << 3) | lengthDelimited), varint(length), ...parts]);
}

/** Absent and empty are the same in proto3, so an empty text takes no bytes. */
function textField(number: number, value: string): Buffer {
  return value === '' ? Buffer.alloc(0) : field(number, [Buffer.from(value, 'utf8')]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return Buffer.from([...bytes, value]);
}

// ignoreBOM keeps a byte order mark that belongs to the text.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function text(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

/** Calls `visit` with each length-delimited field in turn; all that we know are of that kind. */
function readFields(bytes: Uint8Array, visit: (number: number, value: Uint8Array) => void): void {
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (length > bytes.length - at) throw new RangeError('the message ends inside a field');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const takeVarint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = take(1)[0] ?? 0;
      // Multiplied, not shifted: a 64-bit value may pass by in an unknown field.
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number of the message is longer than ten bytes');
  };
  while (at < bytes.length) {
    const tag = takeVarint();
    const wireType = tag % 8;
    if (wireType === 0) takeVarint();
    else if (wireType === 1) take(8);
    else if (wireType === 5) take(4);
    else if (wireType === lengthDelimited) visit(Math.floor(tag / 8), take(takeVarint()));
    else throw new RangeError(`the message has a field of unknown wire type ${wireType}`);
  }
}
