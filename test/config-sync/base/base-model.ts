/**
 * A model of what can lose data with the base of the three-way comparison: connections that are pointed at another Nacos,
 * addresses that get another Nacos behind them, ids that are lost, rights that are missing, users on both sides, and a process
 * that ends between any two requests. The operator in it is the real reconciler. It is held to these promises:
 *
 *   - no content of somebody else is overwritten in Nacos, unless the dataId was ours there, or both sides had just that
 *   - no key of a user is overwritten by content that this Nacos and the key never had in common
 *   - nothing is removed from Nacos that we did not write; the id of a namespace is never changed
 *   - what a Nacos never had is published there, without anybody's decision
 *   - where nothing happened but that an id was lost, it is the former one again
 */
import { KEEP_ANNOTATION } from '../../../operator/api/names.ts';
import type { NacosConfig } from '../../../operator/api/resources.ts';
import { newConfigStore } from '../../../operator/config-sync/caches.ts';
import { Claims } from '../../../operator/config-sync/claims.ts';
import { NacosPlaces } from '../../../operator/config-sync/base/nacos-places.ts';
import { ConfigReconciler, type ConfigReconcilerOptions } from '../../../operator/config-sync/reconcile.ts';
import { statusOf, type SyncReport } from '../../../operator/config-sync/report.ts';
import { ConfigSessions } from '../../../operator/config-sync/session.ts';
import { DEFAULT_CONNECTION } from '../../../operator/connections/connection-key.ts';
import { unrestricted } from '../../../operator/connections/allowance.ts';
import { ConnectionDirectory, type ConnectionHandle } from '../../../operator/connections/connection-directory.ts';
import { BridgeError, isBridgeError } from '../../../operator/errors.ts';
import { silentLogger } from '../../../operator/logger.ts';
import { FakeClock } from '../../fake-clock.ts';
import { spoiled, type Defect } from './base-defects.ts';
import { ModelClient, ModelNacos, type ModelNetwork } from './model-nacos.ts';

export const addresses = ['h0:8848', 'h1:8848', 'h2:8848'] as const;
export const nacosNames = ['A', 'B'] as const;
/** Declared in Kubernetes, and by both sides. */
export const dataIds = ['k0', 'k1', 'b0', 'b1'] as const;
export const contents = ['x', 'y', 'z'] as const;
type Address = (typeof addresses)[number];
type NacosName = (typeof nacosNames)[number];
type DataId = (typeof dataIds)[number];

export type Disturbance =
  | { readonly do: 'declare'; readonly dataId: DataId; readonly content: string }
  | { readonly do: 'write'; readonly nacos: NacosName; readonly dataId: DataId; readonly content: string }
  | { readonly do: 'remove'; readonly nacos: NacosName; readonly dataId: DataId }
  | { readonly do: 'connect'; readonly addresses: readonly Address[] }
  | { readonly do: 'route'; readonly address: Address; readonly nacos: NacosName }
  | { readonly do: 'lose-id' | 'empty'; readonly nacos: NacosName }
  | { readonly do: 'rights'; readonly nacos: NacosName; readonly has: boolean }
  | { readonly do: 'credentials' | 'restart' | 'sync' | 'delete-all' | 'forget-places' }
  /** After so many requests of the next reconciles the process ends, or the address leads elsewhere. */
  | { readonly do: 'crash-at'; readonly step: number }
  /** Somebody else makes the id. */
  | { readonly do: 'id-at'; readonly step: number; readonly nacos: NacosName }
  | { readonly do: 'route-at'; readonly step: number; readonly address: Address; readonly nacos: NacosName };

class Crash extends Error {}

const key = (dataId: string) => `ns/${dataId}`;

export class BaseModel implements ModelNetwork {
  readonly nacos: Readonly<Record<NacosName, ModelNacos>> = { A: new ModelNacos('A'), B: new ModelNacos('B') };
  wrongs: string[] = [];
  readonly #defects: ReadonlySet<Defect>;
  readonly #routes = new Map<Address, NacosName>([
    ['h0:8848', 'A'],
    ['h1:8848', 'A'],
    ['h2:8848', 'B'],
  ]);
  readonly #objects = new Map<string, NacosConfig>();
  readonly #keys = new Map<string, { content: string; version: number }>();
  #configured: readonly Address[] = ['h0:8848'];
  #process!: { client: ModelClient; directory: ConnectionDirectory; reconciler: ConfigReconciler; isDead: boolean };
  #steps = 0;
  #planned: { at: number; act: () => void } | undefined;
  #isLooking = false;

  constructor(broken: Iterable<Defect> = []) {
    this.#defects = new Set(broken);
    for (const dataId of dataIds) this.#create(dataId);
    this.#start();
  }

  get comparesIds(): boolean {
    return !this.#defects.has('makes ids without comparing');
  }

  at(address: string): ModelNacos | undefined {
    const name = this.#routes.get(address as Address);
    return name && this.nacos[name];
  }

  wrong(what: string): void {
    this.wrongs.push(what);
  }

  pretended(dataId: string): string | undefined {
    const pretends = this.#isLooking && this.#defects.has('takes any namespace for the one that lost its id');
    return pretends ? this.contentOf(dataId) : undefined;
  }

  async step(): Promise<void> {
    await Promise.resolve();
    this.#steps += 1;
    if (this.#planned && this.#steps >= this.#planned.at) {
      const { act } = this.#planned;
      this.#planned = undefined;
      act();
    }
    if (this.#process.isDead) throw new Crash('the process ended');
  }

  /** What Kubernetes declares. */
  contentOf(dataId: string): string | undefined {
    return this.#keys.get(dataId)?.content ?? this.#objects.get(key(dataId))?.spec.content;
  }

  conditionOf(dataId: string): string | undefined {
    return this.#objects.get(key(dataId))?.status?.conditions?.find(({ type }) => type === 'Synced')?.reason;
  }

  async disturb(disturbance: Disturbance): Promise<void> {
    switch (disturbance.do) {
      case 'declare':
        this.#declare(disturbance.dataId, disturbance.content);
        break;
      case 'write':
        this.nacos[disturbance.nacos].write(disturbance.dataId, disturbance.content);
        break;
      case 'remove':
        this.nacos[disturbance.nacos].remove(disturbance.dataId);
        break;
      case 'connect':
        // The servers of a connection are of one Nacos, as its CRD says.
        if (new Set(disturbance.addresses.map((one) => this.#routes.get(one))).size > 1) break;
        this.#configured = disturbance.addresses;
        this.#connect();
        break;
      case 'credentials':
        this.#connect();
        break;
      case 'route':
        this.#route(disturbance.address, disturbance.nacos);
        break;
      case 'lose-id':
        this.nacos[disturbance.nacos].loseId();
        this.#process.client.reconnect();
        break;
      case 'empty':
        // Without an id nobody can tell an emptied Nacos from one whose dataIds were all removed: documented, not tried.
        if (!this.nacos[disturbance.nacos].hasRights) break;
        this.nacos[disturbance.nacos].empty();
        this.#process.client.reconnect();
        break;
      case 'rights':
        // Where it leads is known before.
        this.#planned = undefined;
        for (let round = 0; round < 3 && !disturbance.has; round += 1) await this.sync();
        this.nacos[disturbance.nacos].hasRights = disturbance.has;
        break;
      case 'forget-places':
        for (const object of this.#objects.values()) delete object.status?.syncedPlace;
        this.#start();
        break;
      case 'restart':
        this.#start();
        break;
      case 'delete-all':
        for (const dataId of dataIds.filter((one) => one.startsWith('k'))) this.#delete(dataId);
        await this.sync();
        for (const dataId of dataIds) if (!this.#objects.has(key(dataId))) this.#create(dataId);
        break;
      case 'crash-at':
        this.#planned = { at: this.#steps + disturbance.step, act: () => (this.#process.isDead = true) };
        break;
      case 'id-at':
        this.#planned = { at: this.#steps + disturbance.step, act: () => this.nacos[disturbance.nacos].makeId() };
        break;
      case 'route-at':
        this.#planned = {
          at: this.#steps + disturbance.step,
          act: () => this.#routeInRequest(disturbance.address, disturbance.nacos),
        };
        break;
      case 'sync':
        await this.sync();
    }
    this.#look();
  }

  /** All NacosConfigs are reconciled once; the watches hear of everything before or in between. */
  async sync(): Promise<void> {
    for (const dataId of dataIds) {
      await this.#reconcile(dataId);
      this.#process.client.hear();
      this.#look();
      if (this.#process.isDead) this.#start();
    }
  }

  /** Nothing happens any more. */
  async settle(): Promise<void> {
    this.#planned = undefined;
    for (let round = 0; round < 6; round += 1) {
      this.#process.client.hear();
      await this.sync();
    }
    const { nacos } = this.#process.client;
    if (nacos === undefined) return;
    for (const dataId of dataIds) {
      if (!this.#objects.has(key(dataId))) continue;
      const isMissing = !nacos.configs.has(dataId) && !nacos.removed.has(dataId);
      if (isMissing) this.wrong(`${dataId} is not published to ${nacos.name}: ${this.conditionOf(dataId)}`);
    }
  }

  async #reconcile(dataId: string): Promise<void> {
    try {
      await this.#process.reconciler.reconcile(key(dataId), {
        log: silentLogger,
        reconcileId: '',
        signal: new AbortController().signal,
      });
    } catch (error) {
      if (!isBridgeError(error) && !(error instanceof Crash)) throw error;
    }
  }

  /** What Kubernetes and the Nacos that it is connected to have in common. */
  #look(): void {
    const { nacos } = this.#process.client;
    for (const dataId of dataIds) {
      const content = this.contentOf(dataId);
      if (nacos === undefined || content === undefined || nacos.configs.get(dataId)?.content !== content) continue;
      nacos.seenEqual.set(dataId, (nacos.seenEqual.get(dataId) ?? new Set()).add(content));
    }
  }

  /** Without the right to the id nobody can tell that an address leads elsewhere: documented, and not tried. */
  #route(address: Address, name: NacosName): void {
    if (Object.values(this.nacos).some(({ hasRights }) => !hasRights)) return;
    this.#routes.set(address, name);
    this.#process.client.reconnect();
  }

  /** That an id is lost as well, and is written again by the very request that goes elsewhere, is not tried. */
  #routeInRequest(address: Address, name: NacosName): void {
    const isLost = Object.values(this.nacos).some(
      ({ lostId, placeId }) => lostId !== undefined && placeId === undefined,
    );
    if (!isLost) this.#route(address, name);
  }

  #create(dataId: DataId): void {
    const isTwoWay = dataId.startsWith('b');
    if (isTwoWay) this.#keys.set(dataId, { content: 'x', version: 1 });
    const contentFrom = { configMapKeyRef: { name: dataId, key: 'k' } };
    const content = isTwoWay ? { source: 'Both' as const, contentFrom } : { content: 'x' };
    const spec = { group: 'g', dataId, ...content } as NacosConfig['spec'];
    const metadata = { name: dataId, namespace: 'ns', uid: `${dataId}${this.#steps}`, generation: 1 };
    this.#objects.set(key(dataId), { metadata: { ...metadata, resourceVersion: '1' }, spec });
  }

  #declare(dataId: DataId, content: string): void {
    const held = this.#keys.get(dataId);
    if (held) this.#keys.set(dataId, { content, version: held.version + 1 });
    const object = this.#objects.get(key(dataId));
    if (held || !object) return;
    const generation = (object.metadata.generation ?? 0) + 1;
    this.#objects.set(key(dataId), {
      ...object,
      metadata: { ...object.metadata, generation },
      spec: { ...object.spec, content },
    });
  }

  #delete(dataId: string): void {
    const object = this.#objects.get(key(dataId));
    if (object === undefined) return;
    const metadata = { ...object.metadata, deletionTimestamp: 'now' };
    if ((metadata.finalizers ?? []).length === 0) this.#objects.delete(key(dataId));
    else this.#objects.set(key(dataId), { ...object, metadata });
  }

  #connect(): void {
    const client = new ModelClient(this.#configured, this);
    this.#process.client = client;
    this.#process.directory.set(DEFAULT_CONNECTION, this.#handleOf(client));
  }

  #handleOf(client: ModelClient): ConnectionHandle {
    const servers = this.#defects.has('takes all servers for the same') ? ['same:1'] : client.addresses;
    return {
      title: 'The default connection',
      client: client.asClient(),
      servers,
      namespaceId: '',
      allowance: unrestricted,
    };
  }

  #start(): void {
    const client = new ModelClient(this.#configured, this);
    const directory = new ConnectionDirectory();
    directory.set(DEFAULT_CONNECTION, this.#handleOf(client));
    const reconciler = new ConfigReconciler(this.#options(directory));
    this.#process = { client, directory, reconciler, isDead: false };
  }

  #options(connections: ConnectionDirectory): ConfigReconcilerOptions {
    const configs = newConfigStore();
    configs.get = (name) => this.#objects.get(name);
    configs.list = () => [...this.#objects.values()];
    const connectionOf = () => connections.findUsable(DEFAULT_CONNECTION);
    const clusterId = () => 'cluster';
    const bases = this.#defects.has('makes a new id for one that was lost') ? () => [] : configs.list;
    return {
      clusterId,
      configs,
      connections,
      configClient: this.#configClient(),
      configMapClient: this.#configMapClient(),
      configMapMetadata: { get: (name: string) => this.#configMap(name.slice(name.indexOf('/') + 1)) },
      secretClient: undefined,
      sessions: new ConfigSessions(() => {}),
      places: spoiled(new NacosPlaces({ configs: bases, connectionOf }), this.#defects, (isLooking) => {
        this.#isLooking = isLooking;
      }),
      claims: new Claims({ clusterId, configs, connectionOf, hasBase: () => true }),
      delivery: { deliver: async () => ({ wroteMirror: false }), finalize: async () => {}, forget: () => {} },
      inlineContents: { read: async ({ spec }: NacosConfig) => spec.content, release: () => {} },
      reporter: {
        report: (resource: NacosConfig, report: SyncReport) => this.#report(resource, report),
        applied: () => {},
        event: () => {},
        forget: () => {},
      },
      resyncMs: () => 1000,
      metadataAgeMs: Infinity,
      clock: new FakeClock(),
    } as unknown as ConfigReconcilerOptions;
  }

  async #report(resource: NacosConfig, report: SyncReport): Promise<void> {
    await this.step();
    const object = this.#objects.get(key(resource.metadata.name));
    if (object) this.#objects.set(key(object.metadata.name), { ...object, status: statusOf(resource, report, 0) });
    await this.step();
  }

  #configClient(): unknown {
    return {
      get: async (name: string) => this.#objects.get(key(name)),
      jsonPatch: async (name: string, _: string, operations: readonly { op: string; path: string }[]) => {
        await this.step();
        const object = this.#objects.get(key(name));
        if (object === undefined) throw new BridgeError('KUBE_NOT_FOUND', 'gone');
        if (operations.some(({ path }) => path.includes(KEEP_ANNOTATION))) return object;
        const isAdded = operations.some(({ op }) => op === 'add');
        const metadata = { ...object.metadata, finalizers: isAdded ? ['bridge.nacos.io/nacos'] : [] };
        const next = { ...object, metadata };
        if (!isAdded && metadata.deletionTimestamp !== undefined) this.#objects.delete(key(name));
        else this.#objects.set(key(name), next);
        return next;
      },
    };
  }

  #configMap(name: string): unknown {
    const held = this.#keys.get(name);
    return held && { metadata: { name, resourceVersion: String(held.version) }, data: { k: held.content } };
  }

  #configMapClient(): unknown {
    return {
      get: async (name: string) => {
        await this.step();
        return this.#configMap(name);
      },
      mergePatch: async (
        name: string,
        _: string,
        patch: { metadata: { resourceVersion: string }; data: { k: string } },
      ) => {
        await this.step();
        const held = this.#keys.get(name);
        if (String(held?.version) !== patch.metadata.resourceVersion) throw new BridgeError('KUBE_CONFLICT', 'changed');
        const isAllowed = Object.values(this.nacos).some(
          ({ configs, seenEqual }) =>
            seenEqual.get(name)?.has(held?.content ?? '') && configs.get(name)?.content === patch.data.k,
        );
        if (!isAllowed) this.wrong(`the key of ${name}, '${held?.content}', was overwritten by '${patch.data.k}'`);
        this.#keys.set(name, { content: patch.data.k, version: (held?.version ?? 0) + 1 });
        await this.step();
      },
    };
  }
}
