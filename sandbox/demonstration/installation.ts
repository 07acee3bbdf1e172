/**
 * What a sandbox makes in the cluster and in Nacos: our CustomResourceDefinitions, a namespace, and the examples in it.
 *
 * Guarantee: `remove` leaves a side that is not ours as it was found. Definitions that are there already stay as they are,
 * since the cluster may serve another version of them to somebody, and dataIds that Nacos had before stay in it.
 */
import { isDeepStrictEqual } from 'node:util';
import { NACOS_CONFIG, NACOS_CONFIG_SYNC } from '../../operator/api/resources.ts';
import { sleep, type Clock } from '../../operator/clock.ts';
import { NAMESPACE } from '../../operator/cluster-identity.ts';
import { BridgeError } from '../../operator/errors.ts';
import { findCondition, type Condition } from '../../operator/kube/conditions.ts';
import type { ResourceClient } from '../../operator/kube/resource-client.ts';
import type { KubeObject } from '../../operator/kube/resource.ts';
import type { ConfigKey } from '../../operator/nacos/index.ts';
import { publishedKeys } from './examples.ts';
import { SANDBOX_MANAGER, type KubernetesSide } from './kubernetes-side.ts';
import type { NacosSide } from './nacos-side.ts';
import type { Manifest } from '../../operator/admission/package-files.ts';

export interface InstallationOptions {
  readonly kubernetes: KubernetesSide;
  readonly nacos: NacosSide;
  readonly namespace: string;
  readonly nacosNamespace: string;
  readonly definitions: readonly Manifest[];
  readonly examples: readonly Manifest[];
  readonly clock: Clock;
  /** Ends what is waited for, but not the removal. */
  readonly signal: AbortSignal;
}

type DefinitionSpec = { group: string; names: { kind: string }; versions: { name: string; schema: unknown }[] };

const establishedPauseMs = 50;
const goneLimitMs = 30_000;
const gonePauseMs = 100;

export class Installation {
  readonly #options: InstallationOptions;
  readonly #namespaces: ResourceClient<KubeObject>;
  /** The definitions that the cluster did not have. */
  readonly #made: Manifest[] = [];
  #hasNamespace = false;
  /** The dataIds of the examples that Nacos did not have. */
  #newKeys: readonly ConfigKey[] = [];

  constructor(options: InstallationOptions) {
    this.#options = options;
    this.#namespaces = options.kubernetes.resource(NAMESPACE);
  }

  /**
   * Resolves when all are established, with a note about those that are there in another version.
   *
   * @throws KUBE_*, ABORTED
   */
  async installDefinitions(): Promise<string | undefined> {
    const { clock, definitions, kubernetes, signal } = this.#options;
    const differing: string[] = [];
    for (const definition of definitions) {
      const client = await kubernetes.kind(definition.apiVersion, definition.kind);
      const { name } = definition.metadata;
      const existing = await client.get(name);
      if (!existing) {
        await client.create(definition, { fieldManager: SANDBOX_MANAGER });
        this.#made.push(definition);
      } else if (!servesTheSame(existing, definition)) differing.push(name);
      while (!isEstablished(await client.get(name), name)) await sleep(clock, establishedPauseMs, signal);
    }
    if (differing.length === 0) return undefined;
    return `left as they are, although they differ from those of this version: ${differing.join(', ')}`;
  }

  async makeNamespace(): Promise<string> {
    const { namespace } = this.#options;
    await this.#namespaces.create({ metadata: { name: namespace } }, { fieldManager: SANDBOX_MANAGER });
    this.#hasNamespace = true;
    return namespace;
  }

  async applyExamples(): Promise<string> {
    const { examples, kubernetes, nacos, nacosNamespace, namespace, signal } = this.#options;
    const keys = publishedKeys(examples, nacosNamespace);
    const present = await Promise.all(keys.map((key) => nacos.client.config.query(key, signal)));
    this.#newKeys = keys.filter((_, index) => present[index] === undefined);
    for (const example of examples) await kubernetes.apply(example, namespace);
    return `${examples.length} objects`;
  }

  /** While the operator still works. @throws TIMEOUT when objects do not go; what is left is named */
  async remove(): Promise<void> {
    const { kubernetes, nacos } = this.#options;
    if (kubernetes.isEmbedded && nacos.isEmbedded) return;
    if (this.#hasNamespace) await (kubernetes.isEmbedded ? this.#deleteConfigs() : this.#deleteNamespace());
    if (!nacos.isEmbedded) for (const key of this.#newKeys) await nacos.client.config.remove(key);
    if (!kubernetes.isEmbedded) for (const definition of this.#made) await this.#removeDefinition(definition);
  }

  async #deleteNamespace(): Promise<void> {
    const { namespace } = this.#options;
    await this.#namespaces.delete(namespace);
    await this.#gone(`the namespace ${namespace}`, async () => (await this.#namespaces.get(namespace)) === undefined);
  }

  /** An embedded cluster ends with us, but its configs have to leave a Nacos that does not. */
  async #deleteConfigs(): Promise<void> {
    // Those of a NacosConfigSync come back for as long as it is there.
    for (const resource of [NACOS_CONFIG_SYNC, NACOS_CONFIG]) {
      const client = this.#options.kubernetes.resource(resource);
      for (const { metadata } of (await client.list()).items) await client.delete(metadata.name, metadata.namespace);
      await this.#gone(`objects of ${resource.kind}`, async () => (await client.list()).items.length === 0);
    }
  }

  /** But for what somebody else uses meanwhile. */
  async #removeDefinition({ apiVersion, kind, metadata, spec }: Manifest): Promise<void> {
    const { kubernetes } = this.#options;
    const { group, names, versions } = spec as DefinitionSpec;
    const objects = await kubernetes.kind(`${group}/${versions[0]?.name ?? ''}`, names.kind);
    const { items } = await objects.list({ limit: 1 });
    if (items.length === 0) await (await kubernetes.kind(apiVersion, kind)).delete(metadata.name);
  }

  async #gone(what: string, isGone: () => Promise<boolean>): Promise<void> {
    const { clock } = this.#options;
    const endMs = clock.monotonic() + goneLimitMs;
    while (!(await isGone())) {
      if (clock.monotonic() > endMs) throw new BridgeError('TIMEOUT', `${what} not gone within ${goneLimitMs} ms`);
      await sleep(clock, gonePauseMs);
    }
  }
}

/** The API server adds defaults beside the schemas, and none to them. */
function servesTheSame(existing: Manifest, definition: Manifest): boolean {
  const schemasOf = (manifest: Manifest) =>
    (manifest['spec'] as DefinitionSpec).versions.map(({ name, schema }) => ({ name, schema }));
  return isDeepStrictEqual(schemasOf(existing), schemasOf(definition));
}

function isEstablished(definition: Manifest | undefined, name: string): boolean {
  if (!definition) throw new BridgeError('KUBE_NOT_FOUND', `${name} was deleted`);
  const { conditions } = (definition['status'] ?? {}) as { conditions?: Condition[] | null };
  return findCondition(conditions ?? [], 'Established')?.status === 'True';
}
