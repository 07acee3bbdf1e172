/** Where this replica is, for people who look at its entry in Nacos; nothing connects to it. */
import { networkInterfaces } from 'node:os';

/** The first IPv4 address that other machines may know. */
export function ownAddress(interfaces: ReturnType<typeof networkInterfaces> = networkInterfaces()): string {
  const addresses = Object.values(interfaces).flatMap((list) => list ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}
