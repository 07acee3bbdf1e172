/**
 * Keeps `metadata.managedFields` from growing without end: of more than ten owners by update the oldest become one.
 *
 * Source: k8s.io/apimachinery/pkg/util/managedfields/internal/capmanagers.go.
 */
import { ownerId } from './managed-fields.ts';
import type { FieldOwner, Ownership, Ownerships } from './managed-fields.ts';

const maxUpdateOwners = 10;
const bucketManager = 'ancient-changes';

export function mergeOldUpdates(ownerships: Ownerships): Ownerships {
  const updates = [...ownerships].filter(([, { owner }]) => owner.operation === 'Update');
  if (updates.length <= maxUpdateOwners) return ownerships;

  const merged = new Map(ownerships);
  const oldestOfVersion = new Map<string, string>();
  let excess = updates.length - maxUpdateOwners;
  for (const [id, ownership] of updates.sort(compareAge)) {
    if (excess === 0) break;
    const { apiVersion } = ownership.owner;
    const oldestId = oldestOfVersion.get(apiVersion);
    if (oldestId === undefined) {
      oldestOfVersion.set(apiVersion, id);
      continue;
    }
    const bucket: FieldOwner = { manager: bucketManager, operation: 'Update', apiVersion, subresource: undefined };
    const bucketId = ownerId(bucket);
    const old = merged.get(bucketId) ?? merged.get(oldestId);
    if (!merged.has(bucketId)) merged.delete(oldestId);
    merged.delete(id);
    const fields = old ? ownership.fields.union(old.fields) : ownership.fields;
    merged.set(bucketId, { owner: bucket, fields, time: ownership.time });
    excess -= 1;
  }
  return merged;
}

function compareAge(
  [a, { time: timeOfA = '' }]: [string, Ownership],
  [b, { time: timeOfB = '' }]: [string, Ownership],
) {
  if (timeOfA !== timeOfB) return timeOfA < timeOfB ? -1 : 1;
  return a < b ? -1 : 1;
}
