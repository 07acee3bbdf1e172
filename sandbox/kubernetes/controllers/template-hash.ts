/**
 * The label `pod-template-hash`: equal templates have equal hashes, whatever the order of their fields. It is formed as the
 * real one, from an FNV-1a hash of 32 bits, but over other bytes (those are of Go's memory), so the values differ.
 */
import type { PodTemplate } from './shapes.ts';

export const templateHashLabel = 'pod-template-hash';

/** Without vowels and what looks like them (k8s.io/apimachinery/pkg/util/rand). */
const characters = 'bcdfghjklmnpqrstvwxz2456789';

export function templateHash(template: PodTemplate): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(JSON.stringify(template, inOrder))) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return Array.from(String(hash), (digit) => characters[digit.charCodeAt(0) % characters.length]).join('');
}

/** Fields sorted, and those that are null left out: clients send `creationTimestamp: null`. */
function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1)));
}
