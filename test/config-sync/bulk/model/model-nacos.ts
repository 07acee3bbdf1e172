/** A Nacos of the model: what it holds, who wrote it and when, and clients that hear of changes when the model says so. */
import { PLACE_CONFIG } from '../../../../operator/api/names.ts';
import { isMark } from '../../../../operator/config-sync/remote.ts';
import { BridgeError } from '../../../../operator/errors.ts';
import { type ConfigName, md5Of, nameText } from '../../../../operator/nacos/index.ts';
import type {
  ConfigKey,
  ConfigPublishOptions,
  NacosClient,
  VersionObservation,
} from '../../../../operator/nacos/index.ts';
import type { ApiUser } from './model-api.ts';

function nameOf(id: string): ConfigName {
  const [group = '', dataId = ''] = id.split(' ');
  return { group, dataId };
}

interface Stored {
  readonly name: ConfigName;
  readonly content: string;
  readonly srcUser: string;
  readonly modifiedMs: number;
}

export class ModelNacos {
  readonly configs = new Map<string, Stored>();
  /** DataIds that our processes have published and not removed since. */
  readonly ours = new Set<string>();
  /** Whether the admin API tells who wrote a content first, rather than last; and that all is by us, or by somebody else. */
  tellsFirst = false;
  tellsOurs = false;
  tellsOthers = false;
  readonly #first = new Map<string, Stored>();
  #ourMark = '';
  /** What our processes do, before it is done. */
  onPublish: (id: string, content: string) => void = () => {};
  onRemove: (id: string, isOurs: boolean) => void = () => {};
  #nowMs = 1000;

  get(id: string): Stored | undefined {
    return this.configs.get(id);
  }

  /** What the admin API says. */
  told(id: string): Stored | undefined {
    const held = this.configs.get(id);
    if (held === undefined) return undefined;
    if (this.tellsOthers) return { ...held, srcUser: 'alice' };
    if (this.tellsOurs) return { ...held, srcUser: this.#ourMark };
    return this.tellsFirst ? this.#first.get(`${id} ${held.content}`) : held;
  }

  write(name: ConfigName, content: string, srcUser: string): void {
    const stored = { name, content, srcUser, modifiedMs: (this.#nowMs += 1) };
    const id = nameText(name);
    this.configs.set(id, stored);
    if (!this.#first.has(`${id} ${content}`)) this.#first.set(`${id} ${content}`, stored);
    if (isMark(srcUser)) this.#ourMark = srcUser;
  }
}

type Heard = (observation: VersionObservation) => void;
type Found = (change: { added: ConfigName[]; removed: ConfigName[] }) => void;

export class ModelClient {
  readonly #nacos: () => ModelNacos;
  readonly #user: ApiUser;
  readonly #watches = new Map<string, { known: string | undefined; isKnown: boolean; listener: Heard }>();
  readonly #finds: { found: Set<string>; isComplete: boolean; listener: Found }[] = [];
  readonly #listeners = new Set<(state: unknown) => void>();

  constructor(nacos: () => ModelNacos, user: ApiUser) {
    this.#nacos = nacos;
    this.#user = user;
  }

  /** The connection is lost and made again. */
  reconnect(): void {
    for (const kind of ['connecting', 'connected']) for (const listener of this.#listeners) listener(stateOf(kind));
  }

  hear(): void {
    const { configs } = this.#nacos();
    for (const [id, watch] of this.#watches) {
      const content = configs.get(id)?.content;
      if (watch.isKnown && watch.known === content) continue;
      watch.known = content;
      watch.isKnown = true;
      watch.listener(observationOf(content));
    }
    for (const find of this.#finds) {
      const names = [...configs.values()].map(({ name }) => name).filter(({ group }) => group !== PLACE_CONFIG.group);
      const added = names.filter((name) => !find.found.has(nameText(name)));
      const isThere = new Set(names.map(nameText));
      const removed = [...find.found].filter((id) => !isThere.has(id)).map(nameOf);
      if (find.isComplete && added.length + removed.length === 0) continue;
      find.isComplete = true;
      find.found = isThere;
      find.listener({ added, removed });
    }
  }

  asClient(): NacosClient {
    const client = {
      state: stateOf('connected'),
      publicTenant: '',
      onStateChange: (listener: (state: unknown) => void) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      config: {
        read: (key: ConfigKey) => this.#request(() => this.#read(key)),
        readStored: (key: ConfigKey) => this.#request(() => this.#readStored(key)),
        isUntouched: async () => false,
        publish: (key: ConfigKey, content: string, options: ConfigPublishOptions) =>
          this.#request(() => this.#publish(key, content, options)),
        remove: (key: ConfigKey) => this.#request(() => this.#remove(key)),
        watchVersions: (key: ConfigKey, listener: Heard) => this.#watch(nameText(key), listener),
        discover: (_: unknown, listener: Found) => this.#find(listener),
      },
    };
    return client as unknown as NacosClient;
  }

  #watch(id: string, listener: Heard) {
    const watch = { known: undefined as string | undefined, isKnown: false, listener };
    this.#watches.set(id, watch);
    const current = () => (watch.isKnown ? observationOf(watch.known) : undefined);
    return {
      get current() {
        return current();
      },
      lastError: undefined,
      load: async () => {
        await this.#user.step();
        return current();
      },
      release: () => {},
      stop: () => this.#watches.get(id) === watch && this.#watches.delete(id),
    };
  }

  #find(listener: Found) {
    const find = { found: new Set<string>(), isComplete: false, listener };
    this.#finds.push(find);
    return {
      get state() {
        return { mode: 'FuzzyWatch', isComplete: find.isComplete, lastError: undefined };
      },
      stop: () => this.#finds.splice(this.#finds.indexOf(find), 1),
    };
  }

  async #request<T>(act: () => T): Promise<T> {
    await this.#user.step();
    let result: T;
    try {
      result = act();
    } finally {
      await this.#user.step();
    }
    return result;
  }

  #read(key: ConfigKey) {
    const held = this.#nacos().get(nameText(key));
    return held && { content: held.content, md5: md5Of(held.content) };
  }

  #readStored(key: ConfigKey) {
    const held = this.#nacos().told(nameText(key));
    if (held === undefined) return undefined;
    const { content, modifiedMs: lastModifiedMs, srcUser } = held;
    const rest = { srcIp: '', tags: [], description: '', appName: '', type: 'text' };
    return { content, md5: md5Of(content), lastModifiedMs, srcUser, ...rest };
  }

  #publish(key: ConfigKey, content: string, { cas, srcUser = '' }: ConfigPublishOptions): void {
    const nacos = this.#nacos();
    const id = nameText(key);
    const held = nacos.get(id);
    const isRefused =
      cas === 'create-only' ? held !== undefined : cas !== 'none' && held && md5Of(held.content) !== cas.md5;
    const isMissing = cas !== 'create-only' && cas !== 'none' && held === undefined;
    if (isRefused || isMissing) throw new BridgeError('NACOS_CAS_FAILED', 'refused');
    if (key.group !== PLACE_CONFIG.group) nacos.onPublish(id, content);
    nacos.write({ group: key.group, dataId: key.dataId }, content, srcUser);
    const watch = this.#watches.get(id);
    if (watch) Object.assign(watch, { known: content, isKnown: true });
  }

  #remove(key: ConfigKey): void {
    const nacos = this.#nacos();
    const id = nameText(key);
    const held = nacos.get(id);
    if (held) nacos.onRemove(id, isMark(held.srcUser));
    nacos.configs.delete(id);
    const watch = this.#watches.get(id);
    if (watch) Object.assign(watch, { known: undefined, isKnown: true });
  }
}

function stateOf(kind: string) {
  return { kind, server: { host: 'nacos', port: 8848 } };
}

function observationOf(content: string | undefined): VersionObservation {
  if (content === undefined) return { kind: 'absent' };
  return { kind: 'present', snapshot: { content, md5: md5Of(content) } };
}
