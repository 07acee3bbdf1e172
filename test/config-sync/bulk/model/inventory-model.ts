/**
 * A model of what can lose data where items have no objects of their own: bases that are written after the fact, a process
 * that ends between any two requests, a leader that was deposed and does not know it, a view that is old, shards that are
 * lost or there twice, users on both sides, who may put back what was there before. The inventory, the decisions and the
 * writes in it are the real ones. They are held to these promises:
 *
 *   - no content is replaced by one whose author has not seen it, but where Kubernetes alone decides and the dataId was ours
 *   - nothing is removed from Nacos that we did not write
 *   - what was published and is not wanted any more goes from Nacos, where deletions are synchronised
 *   - in the end the two sides are equal, or a conflict is told
 */
import { FINALIZER } from '../../../../operator/api/names.ts';
import type { NacosConfigInventory, NacosConfigSync } from '../../../../operator/api/resources.ts';
import type { NacosConfigInventoryStatus } from '../../../../operator/api/generated/nacos-config-inventory.ts';
import { NacosPlaces } from '../../../../operator/config-sync/base/nacos-places.ts';
import { endSync } from '../../../../operator/config-sync/bulk/items/ending.ts';
import { ShardClient } from '../../../../operator/config-sync/bulk/inventory/shard-client.ts';
import { OutboundSync, type OutboundOptions } from '../../../../operator/config-sync/bulk/items/outbound.ts';
import { compileMapping } from '../../../../operator/config-sync/bulk/mapping.ts';
import type { DataObject } from '../../../../operator/config-sync/mirror/data-object.ts';
import { ownershipMark, syncMarkName } from '../../../../operator/config-sync/remote.ts';
import { unrestricted } from '../../../../operator/connections/allowance.ts';
import { connectionKey } from '../../../../operator/connections/connection-key.ts';
import { ConnectionDirectory, type ConnectionHandle } from '../../../../operator/connections/connection-directory.ts';
import { isBridgeError } from '../../../../operator/errors.ts';
import { type ConfigKey, nameText } from '../../../../operator/nacos/index.ts';
import { FakeClock, settle } from '../../../fake-clock.ts';
import { syncOf } from '../samples.ts';
import { spoiled, spoiledEnding, type Defect } from './inventory-defects.ts';
import { keys, type Disturbance, type Key } from './disturbance.ts';
import { Lineage } from './lineage.ts';
import { ModelApi, type ApiUser, type ModelObject } from './model-api.ts';
import { ModelNacos, type ModelClient } from './model-nacos.ts';
import {
  connectionNames,
  objectsOf,
  feedShards,
  Process,
  serverOf,
  type ConnectionName,
  type Server,
} from './model-process.ts';

const TICK_MS = 20;

export class InventoryModel {
  readonly wrongs: string[] = [];
  readonly clock = new FakeClock();
  readonly api = new ModelApi();
  readonly #servers: Record<Server, ModelNacos>;
  readonly #defects: ReadonlySet<Defect>;
  readonly #lineages = new Map<Key, Lineage>(keys.map((key) => [key, new Lineage()]));
  readonly #editedMs = new Map<Key, number>();
  #processes: Process[] = [];
  #generation = 1;
  #prefix = '';
  #connection: ConnectionName = 'main';
  #isDeleted = false;
  /** The ids of what NacosConfigs have. */
  readonly #taken = new Set<string>();

  constructor(broken: Iterable<Defect> = []) {
    this.#defects = new Set(broken);
    this.#servers = { here: this.#newNacos(), elsewhere: this.#newNacos() };
    for (const name of ['b', 'k']) this.api.put('ConfigMap', { metadata: { name, namespace: 'shop' }, data: {} });
    for (const key of keys) this.#edit(key, 'x');
    this.api.put('NacosConfigSync', { metadata: this.#syncOf('k').metadata });
    this.api.onStatus = (shard, user) => this.#recorded(shard, user);
    this.api.onWrite = (_, key, text) => this.#copied(key as Key, 'kubernetes', text);
    this.#start();
  }

  /** The one that the syncs name. */
  get nacos(): ModelNacos {
    return this.#servers[serverOf(this.#connection)];
  }

  /** The one that they do not name. */
  get otherNacos(): ModelNacos {
    return this.#servers[serverOf(this.#connection) === 'here' ? 'elsewhere' : 'here'];
  }

  /** What is told of an item; undefined when it is not known. */
  stateOf(key: Key): string | undefined {
    const all = this.#leader.syncs.flatMap(({ tally }) => tally.worst(10));
    return all.find((problem) => problem.key === key)?.reason;
  }

  kubernetesOf(key: Key): string | undefined {
    return this.api.get('ConfigMap', key[0] ?? '')?.data?.[key];
  }

  nacosOf(key: Key): string | undefined {
    return this.nacos.get(this.idOf(key))?.content;
  }

  idOf(key: Key): string {
    return `${this.#prefix}${key[0]}.${key[0]} ${key}`;
  }

  async disturb(disturbance: Disturbance): Promise<void> {
    switch (disturbance.do) {
      case 'edit-kubernetes':
        this.#edit(disturbance.key, disturbance.text);
        break;
      case 'edit-nacos':
        this.#editNacos(disturbance.key, disturbance.text);
        break;
      case 'run':
        await this.run(disturbance.ms);
        break;
      case 'crash':
        this.#leader.isDead = true;
        this.#start();
        break;
      case 'crash-at':
        this.#leader.endsAt = this.#leader.steps + disturbance.step;
        break;
      case 'depose':
        this.#start();
        break;
      case 'usurp':
        this.#start(0);
        break;
      case 'end-deposed':
        for (const process of this.#processes) if (process !== this.#leader) process.isDead = true;
        break;
      case 'blind':
        for (const process of this.#those(disturbance.who)) process.isBlind = true;
        break;
      case 'freeze':
        for (const process of this.#those(disturbance.who)) process.isFrozen = true;
        break;
      case 'thaw':
        for (const process of this.#those(disturbance.who)) process.isFrozen = false;
        break;
      case 'see':
        for (const process of this.#those(disturbance.who)) Object.assign(process, { isBlind: false, isFrozen: false });
        break;
      case 'late':
        for (const { feeds, isBlind } of this.#processes) if (isBlind) for (const { late } of feeds) late?.();
        break;
      case 'lose-shard':
        // A finalizer keeps them from going while nobody leads, and who ends in this moment has lost them.
        await this.#quiet();
        for (const { metadata } of this.api.list('NacosConfigInventory'))
          this.api.remove('NacosConfigInventory', metadata.name);
        await this.run(500);
        break;
      case 'double-shard':
        this.#double();
        break;
      case 'remap':
        await this.#respecify(() => this.#remap());
        break;
      case 'rename-connection':
        await this.#respecify(() => this.#rename());
        break;
      case 'rename-and-remap':
        await this.#respecify(() => {
          this.#rename();
          this.#remap();
        });
        break;
      case 'take':
        this.#taken.add(this.idOf(disturbance.key));
        for (const { claims } of this.#processes) claims.changed(this.idOf(disturbance.key));
        break;
      case 'give-back':
        this.#taken.delete(this.idOf(disturbance.key));
        for (const { claims } of this.#processes) claims.changed(this.idOf(disturbance.key));
        break;
      case 'move':
        await this.#quiet();
        this.#servers[serverOf(this.#connection)] = this.#newNacos();
        for (const key of keys) this.#lineages.get(key)?.renew('nacos');
        for (const { clients } of this.#processes) clients[serverOf(this.#connection)].reconnect();
        break;
      case 'change-connection':
        await this.#respecify(() => {
          this.#connection = 'elsewhere';
          for (const key of keys) this.#lineages.get(key)?.renew('nacos');
        });
        break;
      case 'delete':
        this.#delete();
    }
  }

  async run(ms: number): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += TICK_MS) {
      for (const process of this.#processes) this.#turn(process);
      await this.clock.advance(TICK_MS);
      await settle();
      const [both] = this.#leader.syncs;
      if (both?.isComplete && !this.#leader.isBlind) for (const lineage of this.#lineages.values()) lineage.meet();
      if (this.#leader.isDead) this.#start();
    }
  }

  /** Nothing happens any more: what is left is told, or in line. */
  async settle(): Promise<void> {
    await this.disturb({ do: 'see' });
    await this.run(2000);
    await this.disturb({ do: 'end-deposed' });
    for (const process of this.#processes) process.endsAt = Infinity;
    await this.run(8000);
    for (const key of keys) this.#check(key);
  }

  wrong(what: string): void {
    this.wrongs.push(what);
  }

  get #leader(): Process {
    const leader = this.#processes.at(-1);
    if (leader === undefined) throw new TypeError('nobody leads');
    return leader;
  }

  #check(key: Key): void {
    const [kubernetes, nacos] = [this.kubernetesOf(key), this.nacosOf(key)];
    const isOurs = this.nacos.get(this.idOf(key))?.srcUser.startsWith('nacos-bridge-');
    const isForgotten = key.startsWith('k') && isOurs && (this.#isDeleted || kubernetes === undefined);
    if (isForgotten) this.wrong(`${key} was published and is forgotten in Nacos`);
    if (this.#isDeleted && key.startsWith('k')) return;
    if (kubernetes === nacos || this.#taken.has(this.idOf(key))) return;
    if (this.stateOf(key) !== undefined) return;
    if (key.startsWith('k') && kubernetes === undefined) return;
    this.wrong(`${key} is '${kubernetes}' in Kubernetes and '${nacos}' in Nacos, and nothing is told`);
  }

  #edit(key: Key, text: string | undefined): void {
    const name = key[0] ?? '';
    const object = this.api.get('ConfigMap', name);
    if (object === undefined || (object.data?.[key] === text && text === undefined)) return;
    const { [key]: _, ...rest } = object.data ?? {};
    this.api.put('ConfigMap', { ...object, data: text === undefined ? rest : { ...rest, [key]: text } });
    this.#lineages.get(key)?.edit('kubernetes', text);
    this.#editedMs.set(key, this.clock.monotonic());
  }

  #editNacos(key: Key, text: string | undefined): void {
    const id = this.idOf(key);
    const [group = '', dataId = ''] = id.split(' ');
    if (text === undefined) this.nacos.configs.delete(id);
    else this.nacos.write({ group, dataId }, text, 'alice');
    this.#lineages.get(key)?.edit('nacos', text);
  }

  #newNacos(): ModelNacos {
    const nacos = new ModelNacos();
    nacos.tellsFirst = this.#defects.has('believes each base that it reads');
    nacos.tellsOthers = this.#defects.has('takes what it published for an edit of somebody else');
    nacos.tellsOurs = this.#defects.has('takes all content for its own');
    nacos.onPublish = (id, content) => this.#published(nacos, id, content);
    nacos.onRemove = (id, isOurs) => {
      nacos.ours.delete(id);
      if (!isOurs) this.wrong(`${id} was removed, which somebody else wrote`);
      if (nacos !== this.nacos) return;
      const key = keys.find((one) => this.idOf(one) === id);
      if (key === undefined) return;
      this.#lineages.get(key)?.remove('nacos');
      // Nacos removes without comparing: what has come back in this moment may go.
      const isBack = this.clock.monotonic() - (this.#editedMs.get(key) ?? 0) < 200;
      const isDeleted = this.#isDeleted && key.startsWith('k');
      if (this.kubernetesOf(key) !== undefined && !isBack && !isDeleted)
        this.wrong(`${id} was removed, which Kubernetes has`);
    };
    return nacos;
  }

  #published(nacos: ModelNacos, id: string, content: string): void {
    const key = keys.find((one) => this.idOf(one) === id);
    const held = nacos.get(id);
    if (this.#taken.has(id)) this.wrong(`${id} was published, which a NacosConfig has`);
    if (key?.startsWith('b')) this.#copied(key, 'nacos', content);
    else if (held && held.srcUser === 'alice' && !nacos.ours.has(id))
      this.wrong(`${id} of somebody else was overwritten`);
    nacos.ours.add(id);
  }

  #copied(key: Key, side: 'kubernetes' | 'nacos', text: string): void {
    const lineage = this.#lineages.get(key);
    const before = lineage?.textOf(side);
    if (lineage && !lineage.copy(side, text)) {
      this.wrong(`${key} in ${side}: '${before}' was replaced by '${text}', whose author has not seen it`);
    }
  }

  async #respecify(change: () => void): Promise<void> {
    await this.#quiet();
    change();
    this.#generation += 1;
    this.#leader.isDead = true;
    this.#start();
  }

  #remap(): void {
    this.#prefix = this.#prefix === '' ? 'other.' : '';
    for (const key of keys) this.#lineages.get(key)?.renew('nacos');
  }

  #rename(): void {
    if (this.#connection !== 'elsewhere') this.#connection = this.#connection === 'main' ? 'renamed' : 'main';
  }

  #delete(): void {
    const deletionTimestamp = '2026-01-01T00:00:00Z';
    const { metadata } = this.#syncOf('k');
    this.#isDeleted = true;
    this.api.put('NacosConfigSync', { metadata: { ...metadata, deletionTimestamp } });
    for (const shard of this.api.list('NacosConfigInventory')) {
      const { finalizers = [], name } = shard.metadata;
      if (!name.startsWith(metadata.name)) continue;
      if (finalizers.length === 0) this.api.remove('NacosConfigInventory', name);
      else this.api.put('NacosConfigInventory', { ...shard, metadata: { ...shard.metadata, deletionTimestamp } });
    }
    for (const process of this.#processes) this.#end(process, process.syncs.splice(1)[0]);
  }

  async #quiet(): Promise<void> {
    await this.disturb({ do: 'end-deposed' });
    await this.disturb({ do: 'see' });
    this.#leader.endsAt = Infinity;
    await this.run(1000);
  }

  /** Once the leader has written a shard, the one before has nothing to say there. */
  #recorded(shard: string, user: ApiUser): void {
    const process = this.#processes.find((one) => one === user);
    if (process !== this.#leader && this.#leader.wrote.has(shard))
      this.wrong(`${shard} was written by a leader that was deposed`);
    process?.wrote.add(shard);
  }

  /** As a backup that was put back leaves them: one with bases of another time, and one beside it without. */
  #double(): void {
    const [shard] = this.api.list('NacosConfigInventory');
    if (shard === undefined) return;
    const name = shard.metadata.name.replace(/\d+$/, '7');
    const isWhole = ({ status }: ModelObject) =>
      (status as NacosConfigInventoryStatus | undefined)?.entries?.every((line) => line.split(' ').length === 6);
    const old = this.api.versions('NacosConfigInventory', shard.metadata.name).find(isWhole) ?? shard;
    const entries = ((shard.status as NacosConfigInventoryStatus | undefined)?.entries ?? []).map((line) =>
      line.replace(/ [0-9a-f]{32} .*$/, ''),
    );
    this.#leader.isDead = true;
    this.api.put('NacosConfigInventory', { ...shard, status: old.status });
    this.api.put('NacosConfigInventory', {
      ...shard,
      metadata: { ...shard.metadata, name },
      status: { ...shard.status, entries },
    });
    this.#start();
  }

  #those(who: 'leader' | 'deposed' | undefined): Process[] {
    return this.#processes.filter((process) => who === undefined || (process === this.#leader) === (who === 'leader'));
  }

  #start(term = this.#processes.reduce((most, { term: one }) => Math.max(most, one), 0) + 1): void {
    const process = new Process(term, (server) => this.#servers[server]);
    this.#processes = [...this.#processes.filter(({ isDead }) => !isDead), process];
    this.#begin(process, 'b');
    if (this.#isDeleted) this.#end(process);
    else this.#begin(process, 'k');
  }

  #begin(process: Process, name: string): void {
    const sync = this.#syncOf(name);
    const looks = new Set<string>();
    const { connections, ...common } = this.#accessOf(process);
    const connection = connections.find(connectionKey('shop', this.#connection));
    const configMaps = this.api.clientOf<DataObject>('ConfigMap', process);
    const options = {
      sync,
      mapping: compileMapping(sync.spec, 'shop'),
      connection,
      clusterId: 'cluster',
      ...common,
      clock: this.clock,
      shards: this.api.clientOf<NacosConfigInventory>('NacosConfigInventory', process),
      clients: { ConfigMap: configMaps, Secret: configMaps },
      reflectors: {
        create: objectsOf(this.api, process, name) as unknown as OutboundOptions['reflectors']['create'],
      },
      isLogin: () => false,
      claims: process.claims,
      configs: {
        holderOf: (_: unknown, name: ConfigKey) => (this.#taken.has(nameText(name)) ? 'shop/config' : undefined),
        isClaimed: common.isClaimed,
        isGone: () => false,
      },
      metadataAgeMs: Infinity,
      onWork: () => {},
      goneMs: [],
      look: (id: string) => looks.add(id),
      onWritten: () => {},
      onLeft: () => {},
      onProblem: () => {},
      onInventory: () => {},
      connections,
    };
    const outbound = new OutboundSync(spoiled(options, this.#defects));
    process.syncs.push(outbound);
    process.looks.set(outbound, looks);
    feedShards(this.api, process, outbound);
  }

  /** What a process asks, whatever it does. */
  #accessOf(process: Process) {
    const connections = new ConnectionDirectory();
    const handles = {
      here: connectionOf(process.clients.here, 'nacos:8848'),
      elsewhere: connectionOf(process.clients.elsewhere, 'elsewhere:8848'),
    };
    for (const name of connectionNames) connections.set(connectionKey('shop', name), handles[serverOf(name)]);
    return {
      connections,
      places: new NacosPlaces({ configs: () => [], connectionOf: () => handles.here }),
      syncs: this.api.clientOf<NacosConfigSync>('NacosConfigSync', process),
      term: {
        number: process.term,
        isCurrent: () => true,
        confirm: async () => {
          await process.step();
          return process === this.#leader;
        },
      },
      isClaimed: (connection: ConnectionHandle, { namespaceId, ...name }: ConfigKey) =>
        this.#taken.has(nameText(name)) || process.claims.isWanted(nameText(name), { connection, namespaceId }),
    };
  }

  /** What has begun with the sync that is deleted ends first. */
  #end(process: Process, running?: OutboundSync): void {
    const sync = this.#syncOf('k');
    const shards = this.api.clientOf<NacosConfigInventory>('NacosConfigInventory', process);
    const options = {
      ...this.#accessOf(process),
      sync,
      shards: new ShardClient(shards, sync, true),
      namespace: 'shop',
      mark: ownershipMark('cluster', 'shop', syncMarkName(sync.metadata.name)),
      loss: async () => undefined,
      onProgress: () => {},
    };
    process.ending = async () => {
      await running?.stop();
      await endSync(spoiledEnding(options, this.#defects), new AbortController().signal);
    };
  }

  #syncOf(name: string): NacosConfigSync {
    const mapping = { group: `${this.#prefix}${name}.{name}`, dataId: '{key}' };
    const kubernetes = { kinds: ['ConfigMap' as const], all: true, allowSecretExport: false };
    const connectionRef = { kind: 'NacosConnection' as const, name: this.#connection };
    const base = { connectionRef, kubernetes, mapping };
    const sync =
      name === 'b'
        ? syncOf({ ...base, source: 'Both' })
        : syncOf({ ...base, source: 'Kubernetes', syncDeletion: true });
    const finalizers = name === 'k' ? [FINALIZER] : [];
    const metadata = {
      ...sync.metadata,
      finalizers,
      name: `sync-${name}`,
      uid: `0000000${name}-0`,
      generation: this.#generation,
    };
    return { ...sync, metadata };
  }

  #turn(process: Process): void {
    if (process.isDead || process.isFrozen) return;
    for (const client of Object.values(process.clients)) client.hear();
    for (const { hear } of process.feeds) hear();
    for (const sync of process.syncs) this.#work(process, sync);
    if (process.ending && this.api.get('NacosConfigSync', 'sync-k')) this.#once(process, 'end', process.ending);
  }

  #work(process: Process, sync: OutboundSync): void {
    const of = String(process.syncs.indexOf(sync));
    this.#once(process, `${of} pass`, () =>
      sync.pass(this.#syncOf(of === '0' ? 'b' : 'k'), undefined, new AbortController().signal),
    );
    const looks = process.looks.get(sync) ?? new Set();
    for (const id of looks) {
      if (process.busy.has(`${of} ${id}`)) continue;
      looks.delete(id);
      this.#once(
        process,
        `${of} ${id}`,
        () => sync.settle(id),
        () => this.clock.after(100, () => looks.add(id)),
      );
    }
  }

  #once(process: Process, what: string, work: () => Promise<unknown>, failed: () => void = () => {}): void {
    if (process.busy.has(what)) return;
    process.busy.add(what);
    work()
      .catch((error: unknown) => {
        if (!isBridgeError(error)) this.wrong(`${what} failed: ${String(error)}`);
        failed();
      })
      .finally(() => process.busy.delete(what));
  }
}

function connectionOf(client: ModelClient, server: string): ConnectionHandle {
  const handle = { title: 'The default connection', servers: [server], namespaceId: '', allowance: unrestricted };
  return { ...handle, client: client.asClient() };
}
