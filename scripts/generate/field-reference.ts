/**
 * `docs/reference/crds.md`: every field of every kind with its type, default, limits and meaning.
 */
import { type Derived, markdown } from './derived.ts';
import type { Crd, Rule, Schema } from './crd.ts';

const introduction = `<!-- Generated from crds/ by \`npm run generate\`; do not edit. -->

# Fields of the resources

\`kubectl explain\` shows the same text: \`kubectl explain nacosconfig.spec.mirror\`. A field in bold is required where
its parent is given.
`;

export function fieldReference(crds: readonly Crd[]): Promise<Derived> {
  return markdown('docs/reference/crds.md', [introduction, ...crds.map(section)].join('\n'));
}

function section(crd: Crd): string {
  const { spec, status } = crd.schema.properties ?? {};
  if (status === undefined) throw new Error(`${crd.file} must declare a status`);
  return [
    `## ${crd.kind}\n`,
    `\`bridge.nacos.io/${crd.version}\`, short name ${crd.shortNames.map(code).join(', ')}\n`,
    `${crd.schema.description}\n`,
    ...(spec ? specParts(spec) : []),
    '### Status\n',
    table(status),
  ].join('\n');
}

/** What the operator alone writes has none. */
function specParts(spec: Schema): string[] {
  const rules = rulesOf('spec', spec).map(ruleLine).join('\n');
  return ['### Spec\n', table(spec), '### Rules across fields\n', `${rules}\n`];
}

function table(root: Schema): string {
  return ['| field | type | default | limits | meaning |', '|---|---|---|---|---|', ...rows('', root), ''].join('\n');
}

function rows(prefix: string, parent: Schema): string[] {
  return Object.entries(parent.properties ?? {}).flatMap(([name, schema]) => {
    const field = `${prefix}${name}`;
    const required = parent.required?.includes(name) ?? false;
    const inner = schema.items ?? schema;
    const cells = [required ? `**${code(field)}**` : code(field), typeOf(schema), defaultOf(schema), limitsOf(schema)];
    const row = `| ${[...cells, escape(schema.description)].join(' | ')} |`;
    return [row, ...rows(schema.items ? `${field}[].` : `${field}.`, inner)];
  });
}

function typeOf(schema: Schema): string {
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`;
  if (schema.additionalProperties !== undefined) return `map of ${typeOf(schema.additionalProperties)}`;
  if (schema.enum !== undefined) return schema.enum.map(code).join(', ');
  return schema.format === 'date-time' ? 'time' : schema.type;
}

function defaultOf(schema: Schema): string {
  const isScalar = schema.default !== undefined && typeof schema.default !== 'object';
  return isScalar ? code(JSON.stringify(schema.default).replace(/^"(.+)"$/, '$1')) : '';
}

function limitsOf(schema: Schema): string {
  const { minimum, maximum, minItems, maxItems, maxProperties, minLength, maxLength, pattern } = schema;
  const each = schema.items ?? schema.additionalProperties;
  const limits = [
    range(minItems, maxItems, ' items'),
    range(undefined, maxProperties, ' keys'),
    range(minimum, maximum, ''),
    range(minLength, maxLength, ' characters'),
    pattern === undefined ? '' : code(escape(pattern)),
    each === undefined || each.properties !== undefined ? '' : limitsOf(each),
  ];
  return limits.filter((limit) => limit !== '').join('; ');
}

function range(least: number | undefined, most: number | undefined, unit: string): string {
  if (most === undefined) return least === undefined ? '' : `at least ${least}${unit}`;
  return least === undefined ? `at most ${most}${unit}` : `${least} to ${most}${unit}`;
}

function rulesOf(field: string, schema: Schema): { field: string; rule: Rule }[] {
  const own = (schema['x-kubernetes-validations'] ?? []).map((rule) => ({
    field: field + (rule.fieldPath ?? ''),
    rule,
  }));
  const below = Object.entries(schema.properties ?? {}).flatMap(([name, child]) => rulesOf(`${field}.${name}`, child));
  return [...own, ...below, ...(schema.items ? rulesOf(`${field}[]`, schema.items) : [])];
}

function ruleLine({ field, rule }: { field: string; rule: Rule }): string {
  return `- ${code(field)}: ${rule.message}`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function escape(text: string): string {
  return text.replaceAll('|', '\\|');
}
