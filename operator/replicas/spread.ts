/**
 * Whether this replica is the one to go to another Nacos server: all replicas that publish are at one and the same, and
 * our name is the last of theirs. Pure. One of them moving is enough, and every replica comes to the same answer.
 */
import type { ReplicaHost } from './replica-entry.ts';

export function isToMove(identity: string, servers: readonly string[], peers: readonly ReplicaHost[]): boolean {
  const others = peers.filter((peer) => peer.servers.length > 0 && peer.entry.identity !== identity);
  if (servers.length === 0 || others.length === 0) return false;
  const used = new Set([...servers, ...others.flatMap((peer) => peer.servers)]);
  return used.size === 1 && others.every(({ entry }) => entry.identity < identity);
}
