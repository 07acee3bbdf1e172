/**
 * The forms of names, labels and keys: each function returns what is wrong with a value, in the API server's words, or
 * nothing when it is well.
 *
 * Source: k8s.io/apimachinery/pkg/util/validation/validation.go
 */
type Check = (value: string) => readonly string[];

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = String.raw`${label}(\.${label})*`;
const service = '[a-z]([-a-z0-9]*[a-z0-9])?';
const qualifiedName = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValue = `(${qualifiedName})?`;
const configKey = '[-._a-zA-Z0-9]+';

export const checkLabelName: Check = (value) => {
  const problems = unlike(
    value,
    label,
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with " +
      'an alphanumeric character',
    ['my-name', '123-abc'],
  );
  const onlyDots = problems.length > 0 && checkSubdomain(value).length === 0;
  return [...longer(value, 63), ...(onlyDots ? ['must not contain dots'] : problems)];
};

export const checkSubdomain: Check = (value) => [
  ...longer(value, 253),
  ...unlike(
    value,
    subdomain,
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
      'end with an alphanumeric character',
    ['example.com'],
  ),
];

export const checkServiceName: Check = (value) => [
  ...longer(value, 63),
  ...unlike(
    value,
    service,
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and " +
      'end with an alphanumeric character',
    ['my-name', 'abc-123'],
  ),
];

/** Names that need only fit into a path, such as those of Roles. */
export const checkPathSegment: Check = (value) => {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%'].filter((part) => value.includes(part)).map((part) => `may not contain '${part}'`);
};

export const checkLabelValue: Check = (value) => [
  ...longer(value, 63),
  ...unlike(
    value,
    labelValue,
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and " +
      'end with an alphanumeric character',
    ['MyValue', 'my_value', '12345'],
  ),
];

export const checkConfigKey: Check = (value) => [
  ...longer(value, 253),
  ...unlike(value, configKey, "a valid config key must consist of alphanumeric characters, '-', '_' or '.'", [
    'key.name',
    'KEY_NAME',
    'key-name',
  ]),
  ...(value === '.' ? ["must not be '.'"] : []),
  ...(value === '..' ? ["must not be '..'"] : value.startsWith('..') ? ["must not start with '..'"] : []),
];

/** A key of labels and annotations: a name, or a subdomain and a name. */
export const checkQualifiedName: Check = (value) => {
  const examples = ['MyName', 'my.name', '123-abc'];
  const consists =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  const parts = value.split('/');
  if (parts.length > 2) {
    const text = unlike('/', qualifiedName, `a valid label key ${consists}`, examples)[0] ?? '';
    return [`${text} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const [prefix, name = ''] = parts.length === 2 ? parts : [undefined, parts[0]];
  const problems: string[] = [];
  if (prefix === '') problems.push('prefix part must be non-empty');
  else if (prefix !== undefined) problems.push(...checkSubdomain(prefix).map((text) => `prefix part ${text}`));
  if (name === '') problems.push('name part must be non-empty');
  else problems.push(...longer(name, 63).map((text) => `name part ${text}`));
  return [...problems, ...unlike(name, qualifiedName, `name part ${consists}`, examples)];
};

/** A name of a port: of a container, or one that a Service refers to. */
export const checkPortName: Check = (value) => {
  const problems: string[] = value.length > 15 ? ['must be no more than 15 characters'] : [];
  if (!/^[-a-z0-9]+$/.test(value))
    problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(value)) problems.push('must contain at least one letter (a-z)');
  if (value.includes('--')) problems.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) problems.push('must not begin or end with a hyphen');
  return problems;
};

export const checkPort = (value: unknown): readonly string[] =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65535
    ? []
    : ['must be between 1 and 65535, inclusive'];

const compiled = new Map<string, RegExp>();

function unlike(value: string, pattern: string, text: string, examples: readonly string[]): string[] {
  let expression = compiled.get(pattern);
  if (!expression) compiled.set(pattern, (expression = new RegExp(`^${pattern}$`)));
  if (expression.test(value)) return [];
  // The API server joins its examples by ",  or ".
  const list = examples.map((example) => `'${example}'`).join(',  or ');
  return [`${text} (e.g. ${list}, regex used for validation is '${pattern}')`];
}

function longer(value: string, maximum: number): string[] {
  return value.length > maximum ? [`must be no more than ${maximum} bytes`] : [];
}
