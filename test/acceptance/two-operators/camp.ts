/**
 * One of the two clusters: does what its users do, and keeps book of it, so that everything that its operator writes to
 * Nacos can be held against what was declared at that time.
 */
import { ownershipMark } from '../../../operator/config-sync/remote.ts';
import { eventually } from '../../eventually.ts';
import type { KubeObject } from '../../scenarios/backends.ts';
import type { NacosEndpoint } from '../../scenarios/nacos-backend.ts';
import { startBridgedCluster, type BridgedCluster } from '../../embedded/bridged-cluster.ts';
import { groupName, idOf, type Declaration, type Edit, type Target } from './edits.ts';
import { apiVersion, configRef, waysOfEditing, type WayOfEditing } from './ways.ts';

const deletionLimitMs = 30_000;
/** How many edits are under way at a time; those of one dataId are one after the other. */
const concurrency = 12;

/** A declaration from its beginning to its end; times in milliseconds since the epoch. */
export interface Incarnation {
  readonly fromMs: number;
  declaration: Declaration;
  /** When it was taken back. */
  deletedMs?: number;
  /** When its NacosConfig was seen to be gone. */
  goneMs?: number;
}

/** What one cluster wants of one dataId. */
export interface Claim {
  readonly target: Target;
  readonly mark: string;
  readonly incarnations: Incarnation[];
  /** Contents that may stay in Nacos without being declared. */
  readonly mayRemain: Set<string>;
}

export interface ItemCounts {
  readonly total: number;
  readonly synced: number;
  readonly conflicts: number;
}

export class Camp {
  readonly name: string;
  /** By dataId. */
  readonly claims = new Map<string, Claim>();
  readonly #cluster: BridgedCluster;
  readonly #clusterId: string;
  readonly #ways: Readonly<Record<Target['way'], WayOfEditing>>;

  private constructor(name: string, cluster: BridgedCluster, clusterId: string) {
    this.name = name;
    this.#cluster = cluster;
    this.#clusterId = clusterId;
    this.#ways = waysOfEditing(cluster.rest);
  }

  static async start(name: string, endpoint: NacosEndpoint): Promise<Camp> {
    const cluster = await startBridgedCluster(endpoint);
    const { rest } = cluster;
    await rest.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: groupName } });
    const system = await rest.get({ apiVersion: 'v1', kind: 'Namespace', namespace: '', name: 'kube-system' });
    return new Camp(name, cluster, system?.metadata.uid ?? '');
  }

  stop(): Promise<void> {
    return this.#cluster.stop();
  }

  async perform(edits: readonly Edit[]): Promise<void> {
    const last = new Map<string, Promise<void>>();
    const waiting = edits.values();
    const workers = Array.from({ length: concurrency }, async () => {
      for (const edit of waiting) {
        const id = idOf(edit.target);
        const done = (last.get(id) ?? Promise.resolve()).then(() => this.#perform(edit));
        last.set(id, done);
        await done;
      }
    });
    await Promise.all(workers);
  }

  /** The NacosConfigs that there are, by dataId. */
  async resources(): Promise<Map<string, KubeObject>> {
    const objects = await this.#list(apiVersion, 'NacosConfig');
    return new Map(
      objects.map((object) => {
        const { group, dataId = object.metadata.name } = object['spec'] as { group: string; dataId?: string };
        return [idOf({ group, dataId }), object];
      }),
    );
  }

  /** The contents of the ConfigMaps that go two-way, by dataId. */
  async contents(): Promise<Map<string, string>> {
    const objects = await this.#list('v1', 'ConfigMap');
    return new Map(
      objects.flatMap(({ metadata, data }) => {
        const { content } = (data ?? {}) as { content?: string };
        return content === undefined ? [] : [[idOf({ group: groupName, dataId: metadata.name }), content]];
      }),
    );
  }

  /** What the NacosConfigSync tells of its items; undefined before there are any. */
  async summary(): Promise<ItemCounts | undefined> {
    const [sync] = await this.#list(apiVersion, 'NacosConfigSync');
    return (sync?.['status'] as { items?: ItemCounts } | undefined)?.items;
  }

  /** Everything that the operator may write to but Events, which it tells later when there are many: as versions. */
  async versions(): Promise<readonly string[]> {
    const ours = ['NacosConfig', 'NacosConfigSync', 'NacosConfigInventory'];
    const kinds = ours.map((kind) => this.#list(apiVersion, kind));
    const objects = (await Promise.all([...kinds, this.#list('v1', 'ConfigMap')])).flat();
    return objects.map(({ kind, metadata }) => `${kind} ${metadata.name} ${metadata.resourceVersion}`);
  }

  /** Requests of the operator that write to the API server, renewals of its Lease among them. */
  async apiWrites(): Promise<number> {
    const { operator } = this.#cluster;
    const methods = ['POST', 'PUT', 'PATCH', 'DELETE'];
    const counts = methods.map((method) => operator.metric('rest_client_requests_total', `method="${method}"`));
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  /** How many objects the operator has still to look at. */
  async backlog(): Promise<number> {
    return this.#cluster.operator.metric('workqueue_depth');
  }

  async #perform(edit: Edit): Promise<void> {
    const { target } = edit;
    const way = this.#ways[target.way];
    const claim = this.#claim(target);
    const incarnation = claim.incarnations.at(-1);
    if (edit.kind === 'declare') {
      if (incarnation && target.way === 'inline') await this.#gone(way.nameOf(target), incarnation);
      claim.incarnations.push({ fromMs: Date.now(), declaration: edit.declaration });
      return way.declare(target, edit.declaration);
    }
    if (!incarnation) throw new Error(`${idOf(target)} was never declared`);
    const { content, deletionPolicy } = incarnation.declaration;
    if (deletionPolicy === 'Retain') claim.mayRemain.add(content);
    if (edit.kind === 'change') {
      incarnation.declaration = edit.declaration;
      return way.change(target, edit.declaration);
    }
    // Nothing is removed for a resource that its operator never got to, so what an earlier one left stays.
    const isObject = target.way === 'object';
    const isSynced = !isObject && isReady(await this.#cluster.rest.get(configRef(way.nameOf(target))));
    if (deletionPolicy === 'Delete' && isSynced) claim.mayRemain.clear();
    incarnation.deletedMs = Date.now();
    return way.remove(target);
  }

  async #gone(name: string, incarnation: Incarnation): Promise<void> {
    await eventually(deletionLimitMs, async () => {
      if (await this.#cluster.rest.get(configRef(name))) throw new Error(`${name} is still being deleted`);
    });
    incarnation.goneMs = Date.now();
  }

  #claim(target: Target): Claim {
    const known = this.claims.get(idOf(target));
    if (known) return known;
    const mark = ownershipMark(this.#clusterId, groupName, this.#ways[target.way].nameOf(target));
    const claim = { target, mark, incarnations: [], mayRemain: new Set<string>() };
    this.claims.set(idOf(target), claim);
    return claim;
  }

  #list(version: string, kind: string): Promise<KubeObject[]> {
    return this.#cluster.rest.list(version, kind, groupName);
  }
}

/** The value of a condition as `status reason`, and only when it describes the resource as it is now. */
export function conditionOf(resource: KubeObject | undefined, type: string): string | undefined {
  interface Condition {
    type: string;
    status: string;
    reason: string;
    observedGeneration?: number;
  }
  const { conditions = [] } = (resource?.['status'] ?? {}) as { conditions?: Condition[] };
  const found = conditions.find((condition) => condition.type === type);
  if (found?.observedGeneration !== resource?.metadata.generation) return undefined;
  return found && `${found.status} ${found.reason}`;
}

function isReady(resource: KubeObject | undefined): boolean {
  return conditionOf(resource, 'Ready')?.startsWith('True ') === true;
}
