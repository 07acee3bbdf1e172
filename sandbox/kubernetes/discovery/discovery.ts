/**
 * What clients ask first: which groups, versions and resources there are, in both forms (a document for each group and
 * version, and the aggregated one that kubectl prefers).
 *
 * Source: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
 */
import type { ResourceType, ResourceTypes } from '../resource-type.ts';

export interface DocumentAnswer {
  readonly contentType: string;
  readonly body: object;
}

const aggregatedForm = /application\/json;g=apidiscovery\.k8s\.io;v=(v2(?:beta1)?);as=APIGroupDiscoveryList/;
const editing = ['get', 'patch', 'update'];

/**
 * @param path without query, such as `/apis` or `/apis/apps/v1`
 * @returns undefined for what is no path of discovery, or a group that does not exist
 */
export function discoveryAnswer(types: ResourceTypes, path: string, accept: string): DocumentAnswer | undefined {
  const [root, group, version, ...more] = path.split('/').filter((part) => part !== '');
  if (root === undefined) return json({ paths: rootPaths(types) });
  if (more.length > 0 || (root !== 'api' && root !== 'apis')) return undefined;
  if (group === undefined)
    return aggregated(types, root, accept) ?? json(root === 'api' ? coreVersions : groupList(types));
  if (root === 'api') return group === 'v1' && version === undefined ? json(resourceList(types, '', 'v1')) : undefined;
  const found = groupsOf(types).find(({ name }) => name === group);
  if (!found) return undefined;
  if (version === undefined) return json({ kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(found) });
  return found.versions.includes(version) ? json(resourceList(types, group, version)) : undefined;
}

const coreVersions = {
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '127.0.0.1' }],
};

interface Group {
  readonly name: string;
  /** The preferred one first. */
  readonly versions: readonly string[];
}

/** Named groups, built-in ones first. */
function groupsOf(types: ResourceTypes): readonly Group[] {
  const groups = new Map<string, Set<string>>();
  for (const { group, version } of types.list()) {
    const versions = groups.get(group) ?? new Set();
    groups.set(group, versions.add(version));
  }
  return [...groups]
    .filter(([name]) => name !== '')
    .map(([name, versions]) => ({ name, versions: [...versions].sort(byPriority) }));
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

function groupList(types: ResourceTypes): object {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groupsOf(types).map(groupEntry) };
}

function groupEntry({ name, versions }: Group): object {
  const entries = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: entries, preferredVersion: entries[0] };
}

function resourceList(types: ResourceTypes, group: string, version: string): object {
  const groupVersion = group === '' ? version : `${group}/${version}`;
  const resources = of(types, group, version).flatMap(resourceEntries);
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}

function resourceEntries(type: ResourceType): object[] {
  const { plural, singular, namespaced, kind, verbs, shortNames, categories } = type;
  const main = {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    shortNames: shortNames.length > 0 ? shortNames : undefined,
    categories: categories.length > 0 ? categories : undefined,
  };
  const below = subresources(type).map(({ name, group, version, kind }) => {
    const gvk = name === 'scale' ? { group, version } : {};
    return { name: `${plural}/${name}`, singularName: '', namespaced, ...gvk, kind, verbs: editing };
  });
  return [main, ...below];
}

function subresources({ kind, hasStatus, scale }: ResourceType) {
  const entries = [];
  if (scale) entries.push({ name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale' });
  if (hasStatus) entries.push({ name: 'status', group: '', version: '', kind });
  return entries;
}

function aggregated(types: ResourceTypes, root: 'api' | 'apis', accept: string): DocumentAnswer | undefined {
  const [form, formVersion] = aggregatedForm.exec(accept.replaceAll(' ', '')) ?? [];
  if (form === undefined) return undefined;
  const groups = root === 'api' ? [{ name: '', versions: ['v1'] }] : groupsOf(types);
  const items = groups.map(({ name, versions }) => ({
    metadata: name === '' ? {} : { name },
    versions: versions.map((version) => ({
      version,
      resources: of(types, name, version).map(aggregatedResource),
      freshness: 'Current',
    })),
  }));
  const apiVersion = `apidiscovery.k8s.io/${formVersion}`;
  return { contentType: form, body: { kind: 'APIGroupDiscoveryList', apiVersion, metadata: {}, items } };
}

function aggregatedResource(type: ResourceType): object {
  const { group, version, kind, plural, singular, namespaced, verbs, shortNames, categories } = type;
  const below = subresources(type).map(({ name, kind, ...of }) => ({
    subresource: name,
    responseKind: name === 'scale' ? { group: of.group, version: of.version, kind } : { group, version, kind },
    verbs: editing,
  }));
  return {
    resource: plural,
    responseKind: { group, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    shortNames: shortNames.length > 0 ? shortNames : undefined,
    categories: categories.length > 0 ? categories : undefined,
    subresources: below.length > 0 ? below : undefined,
  };
}

function of(types: ResourceTypes, group: string, version: string): readonly ResourceType[] {
  const found = types.list().filter((type) => type.group === group && type.version === version);
  return found.toSorted((a, b) => (a.plural < b.plural ? -1 : 1));
}

function rootPaths(types: ResourceTypes): readonly string[] {
  const groups = groupsOf(types).flatMap(({ name, versions }) => [
    `/apis/${name}`,
    ...versions.map((version) => `/apis/${name}/${version}`),
  ]);
  return [
    '/api',
    '/api/v1',
    '/apis',
    ...groups,
    '/healthz',
    '/livez',
    '/openapi/v2',
    '/openapi/v3',
    '/readyz',
    '/version',
  ].sort();
}

function json(body: object): DocumentAnswer {
  return { contentType: 'application/json', body };
}
