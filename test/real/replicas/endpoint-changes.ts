/** A stream of changes of endpoints: each service in turn loses readiness of one, gets it back, and has one replaced. */
import { setTimeout as pause } from 'node:timers/promises';
import { newAddress } from './blindness.ts';
import type { Endpoint, PublishedServices } from './published-services.ts';

type Change = (endpoints: readonly Endpoint[]) => readonly Endpoint[];

/** Each service goes through these, again and again. What differs between replicas for a moment is a twin. */
const changes: readonly Change[] = [
  ([first, ...rest]) => (first ? [{ ...first, isReady: false }, ...rest] : rest),
  (endpoints) => endpoints.map(({ address }) => ({ address })),
  (endpoints) => [...endpoints.slice(0, -1), ...endpoints.slice(-1).map((last) => ({ ...last, isReady: false }))],
  (endpoints) => endpoints.map(({ address }) => ({ address })),
  (endpoints) => [...endpoints.slice(1), { address: newAddress() }],
];

/** Makes so many changes, one after the other. Leaves as many endpoints as there were, not all of them ready. */
export async function changeEndpoints(published: PublishedServices, count: number, everyMs: number): Promise<void> {
  const { names } = published;
  for (let index = 0; index < count; index += 1) {
    const service = names[index % names.length] ?? '';
    const change = changes[Math.floor(index / names.length) % changes.length];
    const nextMs = performance.now() + everyMs;
    if (change) await published.write(service, change(published.endpoints(service)));
    await pause(Math.max(0, nextMs - performance.now()));
  }
}
