/**
 * The name of a replica's own Lease. Identities may have characters that names of objects may not; what has to be changed
 * gets a digest of the whole, so that two identities never share a Lease.
 */
import { createHash } from 'node:crypto';
import { isObjectName, MAX_NAME_LENGTH } from '../kube/limits.ts';

/** `prefix` is a legal name itself. */
export function leaseNameOf(prefix: string, identity: string): string {
  const name = `${prefix}-${identity}`;
  if (isObjectName(name)) return name;
  const digest = createHash('sha256').update(identity).digest('hex').slice(0, 10);
  const words = identity.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const readable = [prefix, ...words].join('-').slice(0, MAX_NAME_LENGTH - digest.length - 1);
  return `${readable.replace(/-$/, '')}-${digest}`;
}
