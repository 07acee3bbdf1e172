/**
 * Free loopback ports for servers that want their ports named before they start.
 *
 * Ports are taken well below the ephemeral range (32768 on Linux, 49152 elsewhere), so an outgoing connection never sits
 * on one between the probe and the start, and at random, so two processes that look at the same time hardly meet.
 * Within one process a port is given out once.
 */
import { createServer } from 'node:net';

const lowest = 12_000;
const highest = 30_000;
const given = new Set<number>();

/**
 * Returns a base port such that base + offset is free on 127.0.0.1 for every offset, zero being one of them or not.
 *
 * @throws Error when 200 bases in a row are taken.
 */
export async function freePortBlock(offsets: readonly number[]): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const base = lowest + Math.floor(Math.random() * (highest - lowest));
    const ports = offsets.map((offset) => base + offset);
    if (ports.some((port) => given.has(port))) continue;
    for (const port of ports) given.add(port);
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return base;
    for (const port of ports) given.delete(port);
  }
  throw new Error(`no free ports found between ${lowest} and ${highest}`);
}

export async function freePorts(count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, () => freePortBlock([0])));
}

async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
