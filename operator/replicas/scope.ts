/**
 * Whose replicas are equals: those of one installation that are to publish the same. Only these relieve each other, since
 * what one of them publishes the other one publishes as well.
 *
 * An installation is what shares one Lease of the election. Its replicas differ in scope while it is rolled from one set of
 * options to another; no version and no credential is part of that, nor the servers, which are reached by several addresses.
 */
import { createHash } from 'node:crypto';

export interface Scope {
  /** `namespace/name` of the Lease of the election. */
  readonly installation: string;
  /** Of the options that change what is published. */
  readonly digest: string;
  /** That are served; empty for all. */
  readonly namespaces: readonly string[];
}

interface PublishedOptions {
  readonly watchNamespaces: readonly string[];
  /** Of the default connection. */
  readonly nacosNamespace: string;
  readonly nacosAllow?: unknown;
}

const DIGEST_LENGTH = 12;
const CONNECTION_DIGEST_LENGTH = 8;

export function scopeOf(
  installation: string,
  { nacosAllow, nacosNamespace, watchNamespaces }: PublishedOptions,
): Scope {
  const namespaces = [...new Set(watchNamespaces)].toSorted();
  const published = [namespaces, nacosNamespace, ...(nacosAllow === undefined ? [] : [nacosAllow])];
  const digest = digestOf(JSON.stringify(published), DIGEST_LENGTH);
  return { installation, digest, namespaces };
}

export function isEqual(a: Scope, b: Scope): boolean {
  return scopeText(a) === scopeText(b);
}

/** The same for equals, and for nobody else. */
export function scopeText({ digest, installation }: Scope): string {
  return `${installation}/${digest}`;
}

/** Whether two installations publish what is in one and the same namespace. */
export function overlap(a: Scope, b: Scope): boolean {
  if (a.installation === b.installation) return false;
  const isForAll = a.namespaces.length === 0 || b.namespaces.length === 0;
  return isForAll || a.namespaces.some((namespace) => b.namespaces.includes(namespace));
}

/** What a connection is called in entries, which have little room. */
export function connectionDigest(connection: string): string {
  return digestOf(connection, CONNECTION_DIGEST_LENGTH);
}

function digestOf(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}
