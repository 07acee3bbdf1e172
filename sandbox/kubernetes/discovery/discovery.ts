/**
 * What clients ask first: which groups, versions and resources there are, a document for each group and version.
 *
 * Source: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
 */
import { type Answer, jsonAnswer } from '../http/answer.ts';
import type { ResourceType, ResourceTypes } from '../resource-type.ts';

const editing = ['get', 'patch', 'update'];

/**
 * @param path without query, such as `/apis` or `/apis/apps/v1`
 * @returns undefined for what is no path of discovery, or a group that does not exist
 */
export function discoveryAnswer(types: ResourceTypes, path: string): Answer | undefined {
  const [root, group, version, ...more] = path.split('/').filter((part) => part !== '');
  if (root === undefined) return jsonAnswer({ paths: ['/api', '/apis', '/openapi/v3', '/readyz', '/version'] });
  if (root === 'api' && version === undefined) {
    if (group === undefined) return jsonAnswer({ kind: 'APIVersions', versions: ['v1'] });
    return group === 'v1' ? resourceList(types, '', 'v1') : undefined;
  }
  if (root !== 'apis' || more.length > 0) return undefined;
  const groups = groupsOf(types);
  if (group === undefined)
    return jsonAnswer({ kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(groupEntry) });
  const found = groups.find(({ name }) => name === group);
  if (found === undefined) return undefined;
  if (version === undefined) return jsonAnswer({ kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(found) });
  return found.versions.includes(version) ? resourceList(types, group, version) : undefined;
}

interface Group {
  readonly name: string;
  /** The preferred one first. */
  readonly versions: readonly string[];
}

/** Named groups, built-in ones first. */
function groupsOf(types: ResourceTypes): readonly Group[] {
  const groups = Map.groupBy(types.list(), ({ group }) => group);
  groups.delete('');
  return [...groups].map(([name, ofGroup]) => {
    const versions = new Set(ofGroup.map(({ version }) => version));
    return { name, versions: [...versions].sort(byPriority) };
  });
}

/** v2, v1, v1beta2, v1beta1, v1alpha1, and other names at the end, as the API server orders the versions of a CRD. */
export function byPriority(a: string, b: string): number {
  const [x, y] = [rank(a), rank(b)];
  for (const index of [0, 1, 2] as const) if (x[index] !== y[index]) return y[index] - x[index];
  return a < b ? -1 : 1;
}

function rank(version: string): readonly [number, number, number] {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (!match) return [0, 0, 0];
  const stability = match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1;
  return [stability, Number(match[1]), Number(match[3] ?? 0)];
}

function groupEntry({ name, versions }: Group): object {
  const entries = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: entries, preferredVersion: entries[0] };
}

function resourceList(types: ResourceTypes, group: string, version: string): Answer {
  const groupVersion = group === '' ? version : `${group}/${version}`;
  const found = types.list().filter((type) => type.group === group && type.version === version);
  const sorted = found.toSorted((a, b) => (a.plural < b.plural ? -1 : 1));
  return jsonAnswer({
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion,
    resources: sorted.flatMap(resourceEntries),
  });
}

function resourceEntries(type: ResourceType): object[] {
  const { plural, singular, namespaced, kind, verbs, shortNames, categories, hasStatus, scale } = type;
  const below = (name: string, of: object) => ({ name: `${plural}/${name}`, singularName: '', namespaced, ...of });
  return [
    { name: plural, singularName: singular, namespaced, kind, verbs, shortNames, categories },
    ...(scale ? [below('scale', { group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: editing })] : []),
    ...(hasStatus ? [below('status', { kind, verbs: editing })] : []),
  ];
}
