/**
 * What people and applications do to the items of two NacosConfigSyncs, and what was confirmed to them.
 *
 * `both` is two-way: each item is a list of lines, to which either side appends one, on the version that it has seen. So a line
 * that was confirmed must never be missing, and whoever has all lines of the other side has only more of them. `out` is
 * published, with `syncDeletion`: its ConfigMaps come, change and go.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { CONFIRM_DELETION_ANNOTATION } from '../../operator/api/names.ts';
import { isBridgeError } from '../../operator/errors.ts';
import type { NacosClient } from '../../operator/nacos/client.ts';
import { startAuthorClient } from '../scenarios/author-client.ts';
import { ApiRefusal, type ObjectRef } from '../scenarios/backends.ts';
import type { World } from './world.ts';

const apiVersion = 'bridge.nacos.io/v1alpha1';
const key = 'app.yaml';
const foreignCount = 20;
const requestsAtOnce = 8;
/** Those who edit pause for up to this time. */
const pauseMs = 30;
const atLeastOut = 20;

export interface BothSides {
  readonly item: number;
  readonly kubernetes: readonly string[];
  readonly nacos: readonly string[];
  readonly isEqual: boolean;
}

export class BulkChurn {
  /** Lines that were confirmed, with the item that each was appended to. */
  readonly confirmed: { readonly item: number; readonly line: string }[] = [];
  /** What the ConfigMaps of `out` that there are hold. */
  readonly alive = new Map<string, string>();
  /** Those that were deleted. */
  readonly dead = new Set<string>();
  readonly #world: World;
  readonly #namespace: string;
  readonly #size: number;
  readonly #author: NacosClient;
  /** Somebody is at it. */
  readonly #busy = new Set<string>();
  #serial = 0;
  #isEditing = false;

  constructor(world: World, namespace: string, size: number) {
    this.#world = world;
    this.#namespace = namespace;
    this.#size = size;
    this.#author = startAuthorClient(world.endpoint);
  }

  get items(): number[] {
    return Array.from({ length: this.#size }, (_, item) => item);
  }

  async begin(): Promise<void> {
    const { kubernetes } = this.#world.backends;
    const namespace = this.#namespace;
    await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await each(this.items, (item) => this.#apply(nameOf(item), 'both', textOf([`first-${item}`])));
    const common = { mapping: { group: `${namespace}.{name}`, dataId: '{key}' } };
    const selector = (part: string) => ({ kubernetes: { selector: { matchLabels: { part } } } });
    const nacos = { groups: [`${namespace}.both-*`] };
    const specs = {
      both: { source: 'Both', nacos, ...common, ...selector('both') },
      out: { source: 'Kubernetes', syncDeletion: true, ...common, ...selector('out') },
    };
    // So many of so few are deleted within a minute that the guard would rightly hold them.
    const annotations = { [CONFIRM_DELETION_ANNOTATION]: 'true' };
    for (const [name, spec] of Object.entries(specs)) {
      const metadata = { name, namespace, annotations };
      await kubernetes.apply({ apiVersion, kind: 'NacosConfigSync', metadata, spec });
    }
    await each(foreign(), async (name) => {
      await this.#author.config.publish(this.#config(name), theirs(name), { cas: 'none', type: 'yaml' });
      await this.#apply(name, 'out', `ours: ${name}\n`);
    });
  }

  /** Edits until `stop`. */
  async edit(): Promise<void> {
    this.#isEditing = true;
    const any = () => Math.floor(Math.random() * this.#size);
    const loop = async (work: () => Promise<void>): Promise<void> => {
      while (this.#isEditing) {
        await work();
        await sleep(Math.random() * pauseMs);
      }
    };
    const inKubernetes = () => this.#appendInKubernetes(any());
    const inNacos = () => this.#appendInNacos(any());
    const works = [inKubernetes, inKubernetes, inNacos, inNacos, () => this.#churn(), () => this.#churn()];
    await Promise.all(works.map(loop));
  }

  stop(): void {
    this.#isEditing = false;
  }

  close(): Promise<void> {
    return this.#author.stop();
  }

  /** New ones of `out`, which nobody else touches before `release`. */
  async bear(count: number): Promise<string[]> {
    const names = Array.from({ length: count }, () => `out-${this.#serial++}`);
    for (const name of names) this.#busy.add(name);
    await each(names, (name) => this.#setOut(name));
    return names;
  }

  release(names: readonly string[]): void {
    for (const name of names) this.#busy.delete(name);
  }

  /** Deletes these of `out`. */
  async kill(names: readonly string[]): Promise<void> {
    await each(names, async (name) => {
      this.alive.delete(name);
      await this.#world.backends.kubernetes.delete(this.#object(name));
      this.dead.add(name);
    });
  }

  /** Has both sides hold all lines of both: the way in which people decide a conflict. */
  async merge({ item, kubernetes, nacos }: BothSides): Promise<void> {
    const merged = textOf([...new Set([...kubernetes, ...nacos])]);
    const name = nameOf(item);
    await this.#world.backends.kubernetes.patch(this.#object(name), { data: { [key]: merged } });
    await this.#author.config.publish(this.#config(name), merged, { cas: 'none', type: 'yaml' });
  }

  async bothSides(): Promise<BothSides[]> {
    const held = await this.#inKubernetes();
    return each(this.items, async (item) => {
      const [here, there] = [held.get(nameOf(item)), await this.inNacos(nameOf(item))];
      return { item, kubernetes: linesOf(here), nacos: linesOf(there), isEqual: here === there };
    });
  }

  async counts(sync: 'both' | 'out'): Promise<Readonly<Record<string, number>>> {
    const ref = { apiVersion, kind: 'NacosConfigSync', namespace: this.#namespace, name: sync };
    const status = (await this.#world.backends.kubernetes.get(ref))?.['status'] as { items?: Record<string, number> };
    return status?.items ?? {};
  }

  async inNacos(name: string): Promise<string | undefined> {
    const { dataId, group } = this.#config(name);
    return (await this.#world.endpoint.admin.getConfig('', group, dataId))?.content;
  }

  /** Those of `out` that do not have in Nacos what they should. */
  async wrongInNacos(): Promise<string[]> {
    const wanted = [...this.alive, ...foreign().map((name) => [name, theirs(name)] as const)];
    const found = await each(wanted, async ([name, content]) => ((await this.inNacos(name)) === content ? [] : [name]));
    return found.flat();
  }

  /** Those that were deleted, and are in Nacos still. */
  async forgotten(): Promise<string[]> {
    const found = await each([...this.dead], async (name) => ((await this.inNacos(name)) === undefined ? [] : [name]));
    return found.flat();
  }

  async #appendInKubernetes(item: number): Promise<void> {
    const { kubernetes } = this.#world.backends;
    const ref = this.#object(nameOf(item));
    const object = await kubernetes.get(ref);
    if (object === undefined) return;
    const line = `kubernetes-${this.#serial++}`;
    const { resourceVersion } = object.metadata;
    const data = { [key]: textOf([...linesOf((object['data'] as Record<string, string>)[key]), line]) };
    try {
      await kubernetes.patch(ref, { metadata: { resourceVersion }, data });
      this.confirmed.push({ item, line });
    } catch (error) {
      if (!(error instanceof ApiRefusal) || error.status !== 409) throw error;
    }
  }

  async #appendInNacos(item: number): Promise<void> {
    const { dataId, group, namespaceId } = this.#config(nameOf(item));
    const found = await this.#world.endpoint.admin.getConfig(namespaceId, group, dataId);
    if (found === undefined) return;
    const line = `nacos-${this.#serial++}`;
    const content = textOf([...linesOf(found.content), line]);
    try {
      await this.#author.config.publish({ dataId, group, namespaceId }, content, {
        cas: { md5: found.md5 },
        type: 'yaml',
      });
      this.confirmed.push({ item, line });
    } catch (error) {
      // Whether it was written is not known otherwise: it is no promise.
      if (!isBridgeError(error)) throw error;
    }
  }

  async #churn(): Promise<void> {
    const free = [...this.alive.keys()].filter((name) => !this.#busy.has(name));
    const name = free[Math.floor(Math.random() * free.length)];
    const what = Math.floor(Math.random() * 3);
    if (name === undefined || free.length < atLeastOut || what === 0) return this.release(await this.bear(1));
    this.#busy.add(name);
    await (what === 1 ? this.#setOut(name) : this.kill([name]));
    this.#busy.delete(name);
  }

  async #setOut(name: string): Promise<void> {
    const content = `value: ${name} ${this.#serial++}\n`;
    await this.#apply(name, 'out', content);
    this.alive.set(name, content);
  }

  async #apply(name: string, part: string, content: string): Promise<void> {
    const metadata = { name, namespace: this.#namespace, labels: { part } };
    await this.#world.backends.kubernetes.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata,
      data: { [key]: content },
    });
  }

  async #inKubernetes(): Promise<Map<string, string | undefined>> {
    const objects = await this.#world.backends.kubernetes.list('v1', 'ConfigMap', this.#namespace);
    return new Map(
      objects.map((one) => [one.metadata.name, (one['data'] as Record<string, string> | undefined)?.[key]]),
    );
  }

  #object(name: string): ObjectRef {
    return { apiVersion: 'v1', kind: 'ConfigMap', namespace: this.#namespace, name };
  }

  #config(name: string) {
    return { namespaceId: '', group: `${this.#namespace}.${name}`, dataId: key };
  }
}

function nameOf(item: number): string {
  return `both-${item}`;
}

function foreign(): string[] {
  return Array.from({ length: foreignCount }, (_, number) => `foreign-${number}`);
}

function theirs(name: string): string {
  return `theirs: ${name}\n`;
}

function textOf(lines: readonly string[]): string {
  return `lines:\n${lines.map((line) => `- ${line}\n`).join('')}`;
}

function linesOf(text: string | undefined): string[] {
  return (text ?? '').split('\n').flatMap((line) => (line.startsWith('- ') ? [line.slice(2)] : []));
}

/** Some at a time, in order. */
async function each<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const waiting = items.entries();
  const workers = Array.from({ length: requestsAtOnce }, async () => {
    for (const [index, item] of waiting) results[index] = await work(item);
  });
  await Promise.all(workers);
  return results;
}
