/**
 * What the API server takes: names of objects, and the keys and the size of the data of a ConfigMap or a Secret. Whoever
 * makes a name or an object of what people wrote elsewhere asks here first.
 */

/** Forms as the API server writes them in its messages; how long a text may be is said beside each. */
const LABEL_FORM = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
export const SUBDOMAIN_FORM = String.raw`${LABEL_FORM}(\.${LABEL_FORM})*`;
export const DATA_KEY_FORM = '[-._a-zA-Z0-9]+';

/** Of a namespace, and of each part of an object's name (RFC 1123). */
export const DNS_LABEL = new RegExp(`^(?=.{1,63}$)${LABEL_FORM}$`);

export const MAX_NAME_LENGTH = 253;
export const OBJECT_NAME_RULE = 'must be 1 to 253 lower-case letters, digits, and the characters - .';
/** Unlike that of a namespace, a part of it may be longer than 63 characters. */
const OBJECT_NAME = new RegExp(`^${SUBDOMAIN_FORM}$`);

/** Of most objects: a DNS subdomain. */
export function isObjectName(name: string): boolean {
  return name.length <= MAX_NAME_LENGTH && OBJECT_NAME.test(name);
}

export const DATA_KEY_RULE = 'must be 1 to 253 letters, digits, and the characters - _ . and must not begin with ..';
/** `.` alone is refused as well. */
const DATA_KEY = new RegExp(String.raw`^(?!\.$|\.\.)(?=.{1,253}$)${DATA_KEY_FORM}$`);

export function isDataKey(key: string): boolean {
  return DATA_KEY.test(key);
}

/** All values together, each in its own form: those of a Secret as bytes. */
export const MAX_DATA_BYTES = 1024 * 1024;
