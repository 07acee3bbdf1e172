/** A Nacos of the model: what it holds, who wrote it, and clients that may be led to another one at any time. */
import { PLACE_CONFIG } from '../../../operator/api/names.ts';
import { BridgeError } from '../../../operator/errors.ts';
import { isMark } from '../../../operator/config-sync/remote.ts';
import { md5Of } from '../../../operator/nacos/index.ts';
import type {
  ConfigKey,
  ConfigPublishOptions,
  NacosClient,
  VersionObservation,
} from '../../../operator/nacos/index.ts';

type Heard = (observation: VersionObservation) => void;

function observationOf(content: string | undefined): VersionObservation {
  if (content === undefined) return { kind: 'absent' };
  return { kind: 'present', snapshot: { content, md5: md5Of(content) } };
}

interface Stored {
  readonly content: string;
  readonly srcUser: string;
}

export class ModelNacos {
  readonly name: string;
  readonly configs = new Map<string, Stored>();
  /** Whether the id of the namespace may be read and made. */
  hasRights = true;
  /** DataIds that we have written and not removed since: an edit of them may be put back. */
  ours = new Set<string>();
  /** What it and Kubernetes were seen to hold both, by dataId. */
  seenEqual = new Map<string, Set<string>>();
  /** The same, before it was emptied: who writes just that again vouches for what was there. */
  formerlyEqual = new Map<string, Set<string>>();
  /** Removed by a user while both sides had it. */
  removed = new Set<string>();
  lostId: string | undefined;

  constructor(name: string) {
    this.name = name;
  }

  get placeId(): string | undefined {
    return this.configs.get(PLACE_CONFIG.dataId)?.content;
  }

  /** By a user. */
  write(dataId: string, content: string): void {
    this.configs.set(dataId, { content, srcUser: 'alice' });
    this.removed.delete(dataId);
  }

  remove(dataId: string): void {
    if (this.configs.delete(dataId)) this.removed.add(dataId);
  }

  /** By another installation. */
  makeId(): void {
    if (this.placeId === undefined) this.configs.set(PLACE_CONFIG.dataId, { content: 'of-others', srcUser: '' });
  }

  loseId(): void {
    this.lostId = this.placeId;
    this.configs.delete(PLACE_CONFIG.dataId);
  }

  empty(): void {
    this.configs.clear();
    this.ours.clear();
    for (const [dataId, texts] of this.seenEqual) {
      this.formerlyEqual.set(dataId, new Set([...texts, ...(this.formerlyEqual.get(dataId) ?? [])]));
    }
    this.seenEqual.clear();
    this.removed.clear();
  }
}

export interface ModelNetwork {
  /** What answers at an address; undefined where nothing does. */
  at(address: string): ModelNacos | undefined;
  /** Before and after each request: may end the process. */
  step(): Promise<void>;
  /** Whether create-only is obeyed for the id. */
  readonly comparesIds: boolean;
  /** Where it is set, this is read instead, whatever Nacos holds. */
  pretended(dataId: string): string | undefined;
  wrong(what: string): void;
}

/** A client as far as config-sync uses it: its watches hear of changes when `hear` says so. */
export class ModelClient {
  readonly addresses: readonly string[];
  readonly #network: ModelNetwork;
  readonly #listeners = new Set<(state: unknown) => void>();
  readonly #watches = new Map<string, { known: string | undefined; listener: Heard }>();
  #address: string | undefined;

  constructor(addresses: readonly string[], network: ModelNetwork) {
    this.addresses = addresses;
    this.#network = network;
    this.reconnect();
  }

  get nacos(): ModelNacos | undefined {
    return this.#address === undefined ? undefined : this.#network.at(this.#address);
  }

  get state(): unknown {
    if (this.#address === undefined) return { kind: 'disconnected', error: unreachable() };
    const [host, port] = this.#address.split(':');
    return { kind: 'connected', server: { host, port: Number(port) } };
  }

  /** The connection is lost and made again. */
  reconnect(): void {
    this.#address = undefined;
    for (const listener of this.#listeners) listener({ kind: 'connecting' });
    this.#address = this.addresses.find((address) => this.#network.at(address));
    for (const listener of this.#listeners) listener(this.state);
  }

  /** The watches hear of what is there. */
  hear(): void {
    for (const [dataId, watch] of this.#watches) {
      const content = this.nacos?.configs.get(dataId)?.content;
      if (this.nacos === undefined || content === watch.known) continue;
      watch.known = content;
      watch.listener(observationOf(content));
    }
  }

  asClient(): NacosClient {
    const client = {
      config: {
        read: async ({ dataId }: ConfigKey) => this.#request(dataId, () => this.#read(dataId)),
        readStored: async ({ dataId }: ConfigKey) => this.#request(dataId, () => this.#readStored(dataId)),
        isUntouched: async () => false,
        publish: async ({ dataId }: ConfigKey, content: string, options: ConfigPublishOptions) =>
          this.#request(dataId, () => this.#publish(dataId, content, options)),
        remove: async ({ dataId }: ConfigKey) => this.#request(dataId, () => this.#remove(dataId)),
        watchVersions: ({ dataId }: ConfigKey, listener: Heard) => this.#watch(dataId, listener),
      },
      onStateChange: (listener: (state: unknown) => void) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
    Object.defineProperty(client, 'state', { get: () => this.state });
    return client as unknown as NacosClient;
  }

  #watch(dataId: string, listener: Heard) {
    const watch = { known: this.nacos?.configs.get(dataId)?.content, listener };
    this.#watches.set(dataId, watch);
    const current = () => observationOf(watch.known);
    return {
      get current() {
        return current();
      },
      lastError: undefined,
      load: async () => current(),
      release: () => {},
      stop: () => this.#watches.delete(dataId),
    };
  }

  async #request<T>(dataId: string, act: () => T): Promise<T> {
    await this.#network.step();
    const { nacos } = this;
    if (nacos === undefined) throw unreachable();
    if (dataId === PLACE_CONFIG.dataId && !nacos.hasRights) throw new BridgeError('NACOS_FORBIDDEN', 'not allowed');
    const result = act();
    await this.#network.step();
    return result;
  }

  #read(dataId: string) {
    const content = this.#network.pretended(dataId) ?? this.nacos?.configs.get(dataId)?.content;
    return content === undefined ? undefined : { content, md5: md5Of(content) };
  }

  #readStored(dataId: string) {
    const stored = this.nacos?.configs.get(dataId);
    if (stored === undefined) return undefined;
    const { content, srcUser } = stored;
    return { content, md5: md5Of(content), srcUser, srcIp: '', tags: [], description: '', appName: '', type: 'text' };
  }

  #publish(dataId: string, content: string, { cas, srcUser = '' }: ConfigPublishOptions): void {
    const nacos = this.nacos;
    if (nacos === undefined) return;
    const held = nacos.configs.get(dataId);
    const isId = dataId === PLACE_CONFIG.dataId;
    const isRefused =
      cas === 'create-only' ? held !== undefined : cas !== 'none' && held && md5Of(held.content) !== cas.md5;
    if (isRefused && !(isId && !this.#network.comparesIds)) throw new BridgeError('NACOS_CAS_FAILED', 'refused');
    if (isId && held !== undefined) this.#network.wrong(`the id of ${nacos.name} was changed`);
    if (held && !isId && !isMark(held.srcUser)) this.#judge(nacos, dataId, held.content);
    nacos.configs.set(dataId, { content, srcUser });
    nacos.ours.add(dataId);
    nacos.removed.delete(dataId);
    const watch = this.#watches.get(dataId);
    if (watch) watch.known = content;
  }

  /** What a user wrote may be overwritten where the dataId was ours, or where both sides had just that. */
  #judge(nacos: ModelNacos, dataId: string, content: string): void {
    const isSeen = nacos.seenEqual.get(dataId)?.has(content);
    const wasSeen = nacos.formerlyEqual.get(dataId)?.has(content);
    const mayRevert = dataId.startsWith('k') && nacos.ours.has(dataId);
    if (mayRevert || wasSeen || (dataId.startsWith('b') && isSeen)) return;
    this.#network.wrong(`${dataId} of ${nacos.name}, which somebody else wrote, was overwritten`);
  }

  #remove(dataId: string): void {
    const held = this.nacos?.configs.get(dataId);
    if (held && !isMark(held.srcUser)) this.#network.wrong(`${dataId} of ${this.nacos?.name} was removed, not ours`);
    this.nacos?.configs.delete(dataId);
    this.nacos?.ours.delete(dataId);
  }
}

function unreachable(): BridgeError {
  return new BridgeError('NACOS_UNREACHABLE', 'no answer');
}
