/**
 * What the public namespace of configs is called in requests.
 *
 * Servers before 2.5 have two: the one with the empty id, which they, their console and Java clients before 3.0 take for
 * the public one, and one that is called `public`, which Java clients from 3.0 on ask for. From 2.5 on both names mean one,
 * and '' is understood everywhere: over gRPC a server of 2.5 pushes nothing to who listens under the name `public`. (Seen
 * in 2.3.2, whose gRPC handlers take the tenant as it is; its list of names, `/v1/cs/history/configs`, takes `public` for
 * ''.) Services have one public namespace, `public`, on all servers.
 */

/** Which of the two is meant where there are two. */
export type PublicNamespace = 'Empty' | 'Literal';

/** @param version of the server; undefined while it is not known */
export function publicTenant(meant: PublicNamespace, version: string | undefined): '' | 'public' {
  return meant === 'Literal' && (version === undefined || hasTwoPublicNamespaces(version)) ? 'public' : '';
}

export function hasTwoPublicNamespaces(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < 2 || (major === 2 && minor < 5);
}
