/**
 * The functions that rules of CRDs may use beyond the standard ones of CEL: strings, lists, regular expressions, and of
 * the API server's own those for URLs, IP addresses, CIDRs and optional values.
 *
 * An optional value (`oldSelf` of a rule with `optionalOldSelf`) is a list of one item or none.
 *
 * Source: https://kubernetes.io/docs/reference/using-api/cel/
 */
import { isIPv4, isIPv6 } from 'node:net';
import { type CelFunc, type CelInput, type CelList, CelScalar, type CelValue, celFunc, celMethod } from '@bufbuild/cel';
import { listType, mapType } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { isCidr } from '../formats.ts';
import { regularExpression } from '../regular-expression.ts';

const { BOOL, DYN, INT, STRING } = CelScalar;
const list = listType(DYN);
const map = mapType(STRING, DYN);

/** Numbers, strings, booleans and the like, by CEL's own order. */
function compare(a: CelValue, b: CelValue): number {
  if (a === null || b === null) return 0;
  return a < b ? -1 : a > b ? 1 : 0;
}

function sum(values: CelList): CelInput {
  let total: bigint | number | undefined;
  for (const value of values) {
    if (typeof value === 'bigint') total = (typeof total === 'bigint' ? total : 0n) + value;
    else if (typeof value === 'number') total = (typeof total === 'number' ? total : 0) + value;
    else throw new Error('sum takes numbers only');
  }
  return total ?? 0n;
}

function extreme(values: CelList, sign: 1 | -1, name: string): CelInput {
  const [first, ...rest] = values;
  if (first === undefined) throw new Error(`${name} called on empty list`);
  return rest.reduce((best, value) => (compare(value, best) * sign > 0 ? value : best), first);
}

function isSorted(values: CelList): boolean {
  const items = [...values];
  return items.every((item, index) => index === 0 || compare(items[index - 1] ?? null, item) <= 0);
}

const listFunctions: readonly CelFunc[] = [
  celMethod('sum', list, [], DYN, function () {
    return sum(this);
  }),
  celMethod('min', list, [], DYN, function () {
    return extreme(this, -1, 'min');
  }),
  celMethod('max', list, [], DYN, function () {
    return extreme(this, 1, 'max');
  }),
  celMethod('isSorted', list, [], BOOL, function () {
    return isSorted(this);
  }),
  celMethod('indexOf', list, [DYN], INT, function (wanted) {
    return BigInt([...this].findIndex((item) => item === wanted));
  }),
  celMethod('lastIndexOf', list, [DYN], INT, function (wanted) {
    return BigInt([...this].findLastIndex((item) => item === wanted));
  }),
];

const regularExpressionFunctions: readonly CelFunc[] = [
  celMethod('find', STRING, [STRING], STRING, function (pattern) {
    return regularExpression(pattern).exec(this)?.[0] ?? '';
  }),
  celMethod('findAll', STRING, [STRING], list, function (pattern) {
    return all(this, pattern);
  }),
  celMethod('findAll', STRING, [STRING, INT], list, function (pattern, limit) {
    return limit < 0n ? all(this, pattern) : all(this, pattern).slice(0, Number(limit));
  }),
];

function all(text: string, pattern: string): string[] {
  const expression = regularExpression(pattern);
  return [...text.matchAll(new RegExp(expression.source, `${expression.flags}g`))].map(([found]) => found);
}

/** An absolute URI or path, as Go's url.ParseRequestURI takes it. */
function parseUrl(text: string): URL | undefined {
  if (text.startsWith('/')) return URL.parse(text, 'http://none') ?? undefined;
  return /^[a-z][a-z0-9+.-]*:/i.test(text) ? (URL.parse(text) ?? undefined) : undefined;
}

/** URLs are maps of their parts, which the methods read. */
const urlFunctions: readonly CelFunc[] = [
  celFunc('isURL', [STRING], BOOL, (text) => parseUrl(text) !== undefined),
  celFunc('url', [STRING], map, (text) => {
    const url = parseUrl(text);
    if (!url) throw new Error(`URL parse error during conversion from string: ${JSON.stringify(text)}`);
    const isPath = text.startsWith('/');
    return new Map([
      ['scheme', isPath ? '' : url.protocol.slice(0, -1)],
      ['host', isPath ? '' : url.host],
      ['hostname', isPath ? '' : url.hostname.replaceAll(/^\[|\]$/g, '')],
      ['port', isPath ? '' : url.port],
      ['path', url.pathname],
    ]);
  }),
  part('getScheme', 'scheme'),
  part('getHost', 'host'),
  part('getHostname', 'hostname'),
  part('getPort', 'port'),
  part('getEscapedPath', 'path'),
];

function part(method: string, key: string): CelFunc {
  return celMethod(method, map, [], STRING, function () {
    const value = this.get(key);
    return typeof value === 'string' ? value : '';
  });
}

const addressFunctions: readonly CelFunc[] = [
  celFunc('isIP', [STRING], BOOL, (text) => isIPv4(text) || isIPv6(text)),
  celFunc('ip.isCanonical', [STRING], BOOL, (text) => isIPv4(text) || (isIPv6(text) && canonical(text) === text)),
  celFunc('isCIDR', [STRING], BOOL, isCidr),
];

function canonical(address: string): string {
  return URL.parse(`http://[${address}]`)?.hostname.slice(1, -1) ?? '';
}

const optionalFunctions: readonly CelFunc[] = [
  celMethod('hasValue', list, [], BOOL, function () {
    return this.size > 0;
  }),
  celMethod('value', list, [], DYN, function () {
    if (this.size === 0) throw new Error('optional.none() dereference');
    return this.get(0) as never;
  }),
  celMethod('orValue', list, [DYN], DYN, function (other) {
    return (this.size > 0 ? this.get(0) : other) as never;
  }),
];

export const crdFunctions: readonly CelFunc[] = [
  ...strings,
  ...listFunctions,
  ...regularExpressionFunctions,
  ...urlFunctions,
  ...addressFunctions,
  ...optionalFunctions,
];
