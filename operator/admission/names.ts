/**
 * The forms of names, labels and keys: each function returns what is wrong with a value, in the API server's words, or
 * nothing when it is well.
 *
 * Source: k8s.io/apimachinery/pkg/util/validation/validation.go
 */
import { DATA_KEY_FORM, MAX_NAME_LENGTH, SUBDOMAIN_FORM } from '../kube/limits.ts';

type Check = (value: string) => readonly string[];

/** A form of text: the text about it, its pattern, and examples. */
interface Form {
  readonly text: string;
  readonly pattern: string;
  readonly examples: readonly string[];
}

const name = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const consists =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

const subdomain: Form = {
  text:
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
    'end with an alphanumeric character',
  pattern: SUBDOMAIN_FORM,
  examples: ['example.com'],
};
const labelValue: Form = {
  text:
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and " +
    'end with an alphanumeric character',
  pattern: `(${name})?`,
  examples: ['MyValue', 'my_value', '12345'],
};
const configKey: Form = {
  text: "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  pattern: DATA_KEY_FORM,
  examples: ['key.name', 'KEY_NAME', 'key-name'],
};
const namePart: Form = { text: `name part ${consists}`, pattern: name, examples: ['MyName', 'my.name', '123-abc'] };

export const checkSubdomain: Check = (value) => [...longer(value, MAX_NAME_LENGTH), ...unlike(value, subdomain)];

export const checkLabelValue: Check = (value) => [...longer(value, 63), ...unlike(value, labelValue)];

export const checkConfigKey: Check = (value) => [
  ...longer(value, 253),
  ...unlike(value, configKey),
  ...(value === '.' || value === '..' ? [`must not be '${value}'`] : []),
  ...(value.startsWith('..') && value !== '..' ? ["must not start with '..'"] : []),
];

/** A key of labels and annotations, or a finalizer: a name, or a subdomain and a name. */
export const checkQualifiedName: Check = (value) => {
  const parts = value.split('/');
  if (parts.length > 2) {
    return [`a valid label key ${consists} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const [prefix, last = ''] = parts.length === 2 ? parts : [undefined, parts[0]];
  return [
    ...(prefix === '' ? ['prefix part must be non-empty'] : []),
    ...(prefix ? checkSubdomain(prefix).map((text) => `prefix part ${text}`) : []),
    ...(last === '' ? ['name part must be non-empty'] : longer(last, 63).map((text) => `name part ${text}`)),
    ...unlike(last, namePart),
  ];
};

function unlike(value: string, { text, pattern, examples }: Form): string[] {
  if (new RegExp(`^(${pattern})$`).test(value)) return [];
  // The API server joins its examples by ",  or ".
  const list = examples.map((example) => `'${example}'`).join(',  or ');
  return [`${text} (e.g. ${list}, regex used for validation is '${pattern}')`];
}

function longer(value: string, maximum: number): string[] {
  return value.length > maximum ? [`must be no more than ${maximum} bytes`] : [];
}
