/**
 * Writes sandbox/kubernetes/types/built-in-schemas.json: what the embedded API server knows of the built-in
 * kinds, read from a real API server. Facts only: names, structure, formats, defaults, merge keys and columns, and
 * nobody's descriptions. Run by hand, after the testbed was built: `node scripts/built-in-schemas.ts`.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Agent, fetch } from 'undici';
import { startKubernetes } from '../test/testbed/kubernetes.ts';
import type { KubernetesServer } from '../test/testbed/kubernetes.ts';
import { printedKinds } from '../sandbox/kubernetes/types/cells/cells.ts';

const target = path.join(import.meta.dirname, '../sandbox/kubernetes/types/built-in-schemas.json');
const reference = '#/components/schemas/';
const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const asTable = 'application/json;as=Table;v=v1;g=meta.k8s.io';

/** In the order in which discovery lists them, which is the order in which kubectl prefers groups. */
const served: Readonly<Record<string, readonly string[]>> = {
  'api/v1': [
    'configmaps',
    'endpoints',
    'events',
    'limitranges',
    'namespaces',
    'nodes',
    'pods',
    'resourcequotas',
    'secrets',
    'serviceaccounts',
    'services',
  ],
  'apis/apps/v1': ['daemonsets', 'deployments', 'replicasets', 'statefulsets'],
  'apis/events.k8s.io/v1': ['events'],
  'apis/networking.k8s.io/v1': ['networkpolicies'],
  'apis/policy/v1': ['poddisruptionbudgets'],
  'apis/rbac.authorization.k8s.io/v1': ['clusterrolebindings', 'clusterroles', 'rolebindings', 'roles'],
  'apis/apiextensions.k8s.io/v1': ['customresourcedefinitions'],
  'apis/coordination.k8s.io/v1': ['leases'],
  'apis/discovery.k8s.io/v1': ['endpointslices'],
};

interface Definition {
  readonly [field: string]: unknown;
  readonly 'x-kubernetes-group-version-kind'?: readonly { group: string; version: string; kind: string }[];
}

interface DiscoveredResource {
  readonly resource: string;
  readonly responseKind: { readonly kind: string };
  readonly scope: 'Cluster' | 'Namespaced';
  readonly singularResource: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: readonly { readonly subresource: string }[];
}

interface DiscoveryList {
  readonly items: readonly {
    readonly metadata: { readonly name?: string };
    readonly versions: readonly { readonly version: string; readonly resources: readonly DiscoveredResource[] }[];
  }[];
}

interface Table {
  readonly columnDefinitions: readonly { name: string; type: string; format: string; priority: number }[];
}

async function main(): Promise<void> {
  const kubernetes = await startKubernetes();
  try {
    const facts = await factsOf(kubernetes);
    await writeFile(target, format(facts));
  } finally {
    await kubernetes.stop();
  }
}

async function factsOf(kubernetes: KubernetesServer) {
  const ca = await readFile(kubernetes.caFile, 'utf8');
  const dispatcher = new Agent({ connect: { ca } });
  const get = async (url: string, accept = 'application/json'): Promise<unknown> => {
    const headers = { authorization: `Bearer ${kubernetes.token}`, accept };
    const response = await fetch(`${kubernetes.server}/${url}`, { headers, dispatcher });
    if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
    return response.json();
  };

  const columnsOf = async (url: string) => {
    const { columnDefinitions } = (await get(`${url}?limit=1`, asTable)) as Table;
    return columnDefinitions.map(({ name, type, format, priority }) => ({ name, type, format, priority }));
  };

  const discovered = [...(await discover(get, 'api')), ...(await discover(get, 'apis'))];
  const definitions = new Map<string, unknown>();
  const resources = [];
  for (const [groupVersion, plurals] of Object.entries(served)) {
    const document = (await get(`openapi/v3/${groupVersion}`)) as {
      components: { schemas: Record<string, Definition> };
    };
    const { schemas } = document.components;
    for (const plural of plurals) {
      const found = discovered.find((one) => one.path === groupVersion && one.resource.resource === plural);
      if (!found) throw new Error(`${groupVersion} serves no ${plural}`);
      const { group, version, resource } = found;
      const kind = resource.responseKind.kind;
      const definition = definitionOf(schemas, group, version, kind);
      reach(schemas, definition, definitions);
      const columns = printedKinds.includes(kind) ? await columnsOf(`${groupVersion}/${plural}`) : undefined;
      resources.push({
        group,
        version,
        kind,
        plural,
        singular: resource.singularResource,
        shortNames: resource.shortNames ?? [],
        categories: resource.categories ?? [],
        namespaced: resource.scope === 'Namespaced',
        verbs: resource.verbs,
        subresources: (resource.subresources ?? [])
          .map(({ subresource }) => subresource)
          .filter((name) => name === 'status' || name === 'scale'),
        definition,
        columns,
      });
    }
  }
  return { resources, definitions: Object.fromEntries([...definitions].sort(([a], [b]) => (a < b ? -1 : 1))) };
}

async function discover(get: (url: string, accept: string) => Promise<unknown>, root: 'api' | 'apis') {
  const { items } = (await get(root, aggregated)) as DiscoveryList;
  return items.flatMap(({ metadata: { name: group = '' }, versions }) =>
    versions.flatMap(({ version, resources }) =>
      resources.map((resource) => ({
        path: group === '' ? `api/${version}` : `apis/${group}/${version}`,
        group,
        version,
        resource,
      })),
    ),
  );
}

function definitionOf(schemas: Record<string, Definition>, group: string, version: string, kind: string): string {
  for (const [name, schema] of Object.entries(schemas)) {
    const kinds = schema['x-kubernetes-group-version-kind'];
    if (kinds?.length !== 1 || !name.endsWith(`.${kind}`)) continue;
    if (kinds[0]?.group === group && kinds[0].version === version && kinds[0].kind === kind) return name;
  }
  throw new Error(`no definition of ${group}/${version} ${kind}`);
}

function reach(schemas: Record<string, Definition>, name: string, into: Map<string, unknown>): void {
  if (into.has(name)) return;
  const bare = withoutDescriptions(schemas[name]);
  into.set(name, bare);
  for (const [, next = ''] of JSON.stringify(bare).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    reach(schemas, next, into);
  }
}

/** Also shorter: `{allOf: [{$ref}]}` with nothing beside it is the reference itself. */
function withoutDescriptions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDescriptions);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key, of]) => key !== 'description' || typeof of !== 'string');
  const bare = Object.fromEntries(entries.map(([key, of]) => [key, withoutDescriptions(of)]));
  const { allOf, ...rest } = bare as { allOf?: { $ref?: string }[] };
  const single = Array.isArray(allOf) && allOf.length === 1 ? allOf[0] : undefined;
  return single?.$ref?.startsWith(reference) && Object.keys(rest).length === 0 ? single : bare;
}

/** One line for each resource and definition: small, and a difference is still readable. */
function format({ resources, definitions }: Awaited<ReturnType<typeof factsOf>>): string {
  const rows = resources.map((resource) => `    ${JSON.stringify(resource)}`);
  const lines = Object.entries(definitions).map(([name, of]) => `    ${JSON.stringify(name)}: ${JSON.stringify(of)}`);
  return `{\n  "resources": [\n${rows.join(',\n')}\n  ],\n  "definitions": {\n${lines.join(',\n')}\n  }\n}\n`;
}

await main();
