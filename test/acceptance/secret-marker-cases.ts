/**
 * What may go wrong with a secret, as data: each case puts a marker where only Nacos and Secrets may show it, and names the
 * condition that tells of it. Whoever tells more than that, such as the key or the line that is wrong, tells the marker.
 */
import { randomBytes } from 'node:crypto';

/** A word that occurs nowhere by itself. */
export const marker = `marker${randomBytes(12).toString('hex')}`;

export interface SecretCase {
  readonly title: string;
  /** The name of the NacosConfig; its extension is the format. */
  readonly dataId: string;
  /** In the Secret that is published; without it the dataId is mirrored. */
  readonly published?: string | Uint8Array;
  /** What Nacos holds before. */
  readonly held?: string;
  /** Beside group, `contentFrom` and `mirror`. */
  readonly spec?: object;
  /** Into which Secret; the one that is published has none unless it is said here. */
  readonly mirror?: object;
  /** Type, status and reason. */
  readonly condition: string;
}

const invalid = 'Ready False InvalidContent';
const inSync = 'Ready True InSync';
const schema = (jsonSchema: object): object => ({ validation: { jsonSchema } });

export const publishedCases: readonly SecretCase[] = [
  { title: 'is published', dataId: 'plain.yaml', published: `password: ${marker}`, condition: inSync },
  {
    title: 'is published in Base64',
    dataId: 'bytes.txt',
    published: Buffer.concat([Buffer.from(marker), Uint8Array.of(0xff, 0x00)]),
    spec: { encoding: 'Base64' },
    condition: inSync,
  },
  {
    title: 'is published and mirrored into another Secret',
    dataId: 'round.json',
    published: JSON.stringify({ password: marker }),
    mirror: { secret: { name: 'round-copy' } },
    condition: 'Mirrored True Mirrored',
  },
  { title: 'is not valid YAML', dataId: 'broken.yaml', published: `a: [${marker}`, condition: invalid },
  { title: 'has an alias without its anchor', dataId: 'alias.yaml', published: `a: *${marker}`, condition: invalid },
  { title: 'has a tag that nobody knows', dataId: 'tag.yaml', published: `a: "\\q${marker}"`, condition: invalid },
  {
    title: 'is not valid JSON and to be mirrored',
    dataId: 'broken.json',
    published: `{"a": ${marker}}`,
    mirror: { secret: { name: 'broken-copy' } },
    condition: invalid,
  },
  { title: 'is not valid TOML', dataId: 'broken.toml', published: `a = ${marker}`, condition: invalid },
  { title: 'is not valid XML', dataId: 'broken.xml', published: `<a><${marker}></a>`, condition: invalid },
  { title: 'is not valid properties', dataId: 'broken.properties', published: `${marker}=\\u12`, condition: invalid },
  ...(['yaml', 'json', 'toml', 'properties'] as const).map((format) => ({
    title: `has a key twice in ${format}`,
    dataId: `twice.${format}`,
    published: twice(format),
    condition: invalid,
  })),
  {
    title: 'has a value that breaks a schema',
    dataId: 'value.yaml',
    published: `port: ${marker}`,
    spec: schema({ properties: { port: { type: 'integer' } } }),
    condition: invalid,
  },
  {
    title: 'has a key that breaks a schema',
    dataId: 'key.json',
    published: JSON.stringify({ [marker]: 1 }),
    spec: schema({ additionalProperties: false }),
    condition: invalid,
  },
  {
    title: 'has a name that breaks a schema',
    dataId: 'name.toml',
    published: `${marker} = 1`,
    spec: schema({ propertyNames: { maxLength: 3 } }),
    condition: invalid,
  },
  {
    title: 'is longer than `maxBytes`',
    dataId: 'long.txt',
    published: marker,
    spec: { validation: { maxBytes: 8 } },
    condition: invalid,
  },
  {
    title: 'is not UTF-8',
    dataId: 'binary.txt',
    published: Buffer.concat([Buffer.from(marker), Uint8Array.of(0xff)]),
    condition: invalid,
  },
  {
    title: 'meets what is not ours',
    dataId: 'foreign.yaml',
    published: `ours: ${marker}`,
    held: `theirs: ${marker}`,
    condition: 'Ready False Conflict',
  },
];

export const mirroredCases: readonly SecretCase[] = [
  {
    title: 'is mirrored as a file',
    dataId: 'file.yaml',
    held: `password: ${marker}`,
    mirror: { secret: { name: 'file' } },
    condition: 'Mirrored True Mirrored',
  },
  {
    title: 'is mirrored as an environment',
    dataId: 'env.properties',
    held: `PASSWORD=${marker}`,
    mirror: { format: 'Env', secret: { name: 'env' } },
    condition: 'Mirrored True Mirrored',
  },
  {
    title: 'is mirrored into an immutable Secret',
    dataId: 'immutable.yaml',
    held: `password: ${marker}`,
    mirror: { immutable: true, secret: { name: 'immutable' } },
    condition: 'Mirrored True Mirrored',
  },
  {
    title: 'has an entry whose name is no key',
    dataId: 'illegal.properties',
    held: `${marker}/slash=1`,
    mirror: { format: 'Env', secret: { name: 'illegal' } },
    condition: 'Mirrored False InvalidContent',
  },
  {
    title: 'has an entry that is no scalar',
    dataId: 'nested.yaml',
    held: `${marker}:\n  deeper: 1`,
    mirror: { format: 'Env', secret: { name: 'nested' } },
    condition: 'Mirrored False InvalidContent',
  },
  {
    title: 'has an entry twice',
    dataId: 'repeated.json',
    held: `{"${marker}": 1, "${marker}": 2}`,
    mirror: { format: 'Env', secret: { name: 'repeated' } },
    condition: 'Mirrored False InvalidContent',
  },
  {
    title: 'is no environment',
    dataId: 'torn.yaml',
    held: `"${marker}`,
    mirror: { format: 'Env', secret: { name: 'torn' } },
    condition: 'Mirrored False InvalidContent',
  },
  {
    title: 'is too large for a Secret',
    dataId: 'huge.txt',
    held: marker.padEnd(1024 * 1024 + 1, marker),
    mirror: { secret: { name: 'huge' } },
    condition: 'Mirrored False InvalidContent',
  },
  {
    title: 'meets a Secret of somebody else',
    dataId: 'taken.yaml',
    held: `password: ${marker}`,
    mirror: { secret: { name: 'taken' } },
    condition: 'Mirrored False NotOwned',
  },
];

function twice(format: 'yaml' | 'json' | 'toml' | 'properties'): string {
  if (format === 'json') return `{"${marker}": 1, "${marker}": 2}`;
  const line = { yaml: `${marker}: 1`, toml: `${marker} = 1`, properties: `${marker}=1` }[format];
  return `${line}\n${line}\n`;
}

/** How a text may stand in another: as it is, in Base64 at each of the three alignments, in hexadecimal. */
export function formsOf(text: string): string[] {
  const base64 = [0, 1, 2].map((shift) => {
    const encoded = Buffer.from(' '.repeat(shift) + text).toString('base64');
    // What the neighbours of the text have a part in is left out.
    return encoded.slice(shift === 0 ? 0 : 4, -4);
  });
  return [text, ...base64, Buffer.from(text).toString('hex')];
}
