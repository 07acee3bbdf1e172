/**
 * The envelope of Nacos' gRPC protocol (nacos_grpc_service.proto): `{metadata = 2: {type = 3, headers = 7}, body = 3:
 * {value = 2}}` in protobuf, where value is JSON. All of its fields are length-delimited, so this is all of protobuf that
 * is needed.
 */
export interface Message {
  readonly type: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export function encode(type: string, headers: Readonly<Record<string, string>>, body: unknown): Buffer {
  const entries = Object.entries(headers).map(([name, value]) =>
    field(7, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))])),
  );
  const metadata = Buffer.concat([field(3, Buffer.from(type)), ...entries]);
  return Buffer.concat([field(2, metadata), field(3, field(2, Buffer.from(JSON.stringify(body))))]);
}

export function decode(payload: Buffer): Message {
  const { 2: metadata, 3: body } = fieldsOf(payload);
  const { 3: type } = fieldsOf(metadata ?? Buffer.alloc(0));
  const { 2: json } = fieldsOf(body ?? Buffer.alloc(0));
  return { type: String(type), body: JSON.parse(String(json)) as Record<string, unknown> };
}

/** A length-delimited field. */
function field(number: number, value: Buffer): Buffer {
  const head = [(number << 3) | 2];
  let length = value.length;
  for (; length > 0x7f; length >>>= 7) head.push((length & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...head, length]), value]);
}

/** The last value of each length-delimited field; a payload has no others. */
function fieldsOf(bytes: Buffer): Record<number, Buffer> {
  const fields: Record<number, Buffer> = {};
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const number = varint() >>> 3;
    const length = varint();
    fields[number] = bytes.subarray(at, at + length);
    at += length;
  }
  return fields;
}
