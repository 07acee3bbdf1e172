/**
 * Writes sandbox/kubernetes/types/built-in-wire-format.json: the numbers and types of the fields of the built-in
 * kinds in the API server's protobuf form, which some commands of kubectl send. Run by hand with folders that hold the
 * `generated.proto` files of k8s.io/api and k8s.io/apimachinery: `node scripts/built-in-wire-format.ts FOLDER...`.
 */
import { glob, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

const target = path.join(import.meta.dirname, '../sandbox/kubernetes/types/built-in-wire-format.json');
const schemas = path.join(import.meta.dirname, '../sandbox/kubernetes/types/built-in-schemas.json');

/** What clients send beside the objects that are stored. */
const requests = [
  'io.k8s.api.authentication.v1.TokenRequest',
  'io.k8s.api.authorization.v1.SelfSubjectAccessReview',
  'io.k8s.api.autoscaling.v1.Scale',
  'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions',
];

/** By message: `FIELD NUMBER TYPE`; a type is a scalar, a message, or `repeated` or `map` of one. */
type Messages = Map<string, readonly string[]>;

async function main(folders: readonly string[]): Promise<void> {
  const all: Messages = new Map();
  for (const folder of folders) {
    for await (const file of glob(path.join(folder, '**/generated.proto'))) read(await readFile(file, 'utf8'), all);
  }
  const { resources } = JSON.parse(await readFile(schemas, 'utf8')) as { resources: { definition: string }[] };
  const wanted: Messages = new Map();
  for (const { definition } of resources) reach(definition, all, wanted);
  for (const definition of requests) reach(definition, all, wanted);
  const lines = [...wanted]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, fields]) => {
      return `  ${JSON.stringify(name)}: ${JSON.stringify(fields.join(', '))}`;
    });
  await writeFile(target, `{\n${lines.join(',\n')}\n}\n`);
}

function read(text: string, into: Messages): void {
  const packageName = /^package ([\w.]+);/m.exec(text)?.[1] ?? '';
  for (const [, message = '', body = ''] of text.matchAll(/^message (\w+) \{\n(.*?)^\}/gms)) {
    const fields = [...body.matchAll(/^ {2}(optional|repeated|map<string, ([\w.]+)>) ?([\w.]*) (\w+) = (\d+);/gm)];
    const described = fields.map(([, label = '', valueType, type = '', field = '', number = '']) => {
      if (valueType !== undefined) return `${field} ${number} map ${typeName(valueType, packageName)}`;
      return `${field} ${number} ${label === 'repeated' ? 'repeated ' : ''}${typeName(type, packageName)}`;
    });
    into.set(definitionName(`${packageName}.${message}`), described);
  }
}

function typeName(type: string, packageName: string): string {
  if (/^[a-z]\w*$/.test(type)) return type;
  return definitionName(type.startsWith('.') ? type.slice(1) : `${packageName}.${type}`);
}

/** The packages are named k8s.io.…, the definitions of OpenAPI io.k8s.…. */
function definitionName(name: string): string {
  return name.replace(/^k8s\.io\./, 'io.k8s.');
}

function reach(name: string, all: Messages, into: Messages): void {
  const fields = all.get(name);
  if (!fields || into.has(name)) return;
  into.set(name, fields);
  for (const field of fields) reach(field.split(' ').at(-1) ?? '', all, into);
}

await main(process.argv.slice(2));
