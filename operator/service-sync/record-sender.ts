/**
 * Has the Nacos clients hold the records that are published, and tells what becomes of them. Nobody waits for Nacos: what is
 * wanted is known to the clients when `want` returns, and confirmations come as events, so that a Nacos that answers slowly
 * costs nobody but itself.
 *
 * Guarantees: a record whose connection gets another client is held by the former one until the new one has confirmed it
 * (record-places.ts), and both have the same instances of it; what Nacos does not take is tried again (client-retries.ts).
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock.ts';
import type { ConnectionKey } from '../connections/connection-key.ts';
import { BridgeError, isBridgeError, messageOf } from '../errors.ts';
import type { NacosClient } from '../nacos/index.ts';
import { Listeners } from '../runtime/listeners.ts';
import { ClientRetries } from './client-retries.ts';
import { addressText, type Publication, type PublishedRecord, type RecordAddress } from './publications.ts';
import { confirmedAt, formerOf, placesOf, wantedAt, withoutFormer, type Places } from './record-places.ts';

interface RecordSenderOptions {
  clock: Clock;
  /** Whether nobody wants the name of this address: who else does replaces our record with its own, without a gap. */
  isFree: (address: RecordAddress) => boolean;
  /** Called when a record of the export is in another state. */
  onState: (exportId: string) => void;
}

interface Sent {
  readonly service: string;
  readonly exportId: string;
  record: PublishedRecord;
  places: Places;
  /** Where clients were asked to hold it, by the text of the address. */
  readonly held: Map<string, RecordAddress>;
  /** Since when it is held by a former client, on the monotonic clock; undefined while it is not. */
  formerSinceMs: number | undefined;
}

/** All of one Service. */
interface SentService {
  /** By export and name. */
  readonly records: Map<string, Sent>;
  /** Whether anything had to be sent since all was confirmed last. */
  hasChanged: boolean;
  /** Those that Nacos has not confirmed. */
  withdrawals: number;
}

export interface HeldRecord {
  readonly exportId: string;
  readonly address: RecordAddress;
}

/** A change of settings that works is over sooner, and not worth a word. */
const FORMER_TOLD_AFTER_MS = 3000;

export class RecordSender {
  readonly #options: RecordSenderOptions;
  readonly #services = new Map<string, SentService>();
  /** How many records each client was asked to hold. */
  readonly #load = new Map<NacosClient, number>();
  readonly #retries: ClientRetries;
  readonly #settled = new Listeners<[service: string, hasChanged: boolean]>();
  readonly #moved = new Listeners<[service: string]>();
  readonly #formerChanged = new Listeners<[connection: ConnectionKey]>();
  readonly #released = new Listeners();

  constructor(options: RecordSenderOptions) {
    this.#options = options;
    this.#retries = new ClientRetries(options.clock, (client) => this.#sendFailed(client));
  }

  /** Told a Service of which everything is confirmed now, and whether that took a request. */
  onSettled(listener: (service: string, hasChanged: boolean) => void): void {
    this.#settled.add(listener);
  }

  /** Told a Service with a record that need not be at its former client any more: it leaves by the next `want`. */
  onMoved(listener: (service: string) => void): void {
    this.#moved.add(listener);
  }

  /** Told a connection of which more or fewer records are held by a former client. */
  onFormerChange(listener: (connection: ConnectionKey) => void): void {
    this.#formerChanged.add(listener);
  }

  /** Told when a client holds nothing any more. */
  onRelease(listener: () => void): void {
    this.#released.add(listener);
  }

  /** From now on these are the publications of a Service. */
  want(service: string, publications: readonly Publication[]): void {
    const all = this.#services.get(service) ?? { records: new Map<string, Sent>(), hasChanged: false, withdrawals: 0 };
    this.#services.set(service, all);
    const gone = new Map(all.records);
    for (const { export: rules, isKnown, records } of publications) {
      for (const record of records.values()) {
        const id = idOf(rules.id, record);
        const sent = gone.get(id);
        gone.delete(id);
        if (!isKnown) continue;
        if (!isSame(sent?.record, record)) all.hasChanged = true;
        this.#publish(all, id, sent ?? newSent(service, rules.id, record), record);
      }
    }
    for (const [id, sent] of gone) {
      all.hasChanged = true;
      all.records.delete(id);
      this.#withdraw(all, sent, [...sent.held.keys()]);
    }
    this.#checkSettled(service, all);
  }

  /** Whether the client holds records, or was asked to. */
  uses(client: NacosClient): boolean {
    return this.#load.has(client);
  }

  /** The records of a Service, each where it was confirmed last. */
  confirmedOf(service: string): readonly HeldRecord[] {
    return heldAt(this.#services.get(service)?.records.values() ?? [], ({ confirmed }) => confirmed);
  }

  /** The records that the connection has at clients that it had before. */
  formersOver(connection: ConnectionKey): readonly HeldRecord[] {
    return formers(this.#over(connection));
  }

  /** How many those are, without such as are on their way and nobody need worry about. */
  formerCount(connection: ConnectionKey): number {
    const toldMs = this.#options.clock.monotonic() - FORMER_TOLD_AFTER_MS;
    return this.#over(connection).filter(({ formerSinceMs = Infinity }) => formerSinceMs <= toldMs).length;
  }

  /** How many records former clients hold, of all connections. */
  get formerTotal(): number {
    return formers(this.#all()).length;
  }

  /** How many connections have a record that Nacos has confirmed, at a client that is connected. */
  get confirmedConnections(): number {
    const confirmed = this.#all().filter(({ held, places }) => {
      const address = held.get(places.confirmed ?? '');
      return address !== undefined && address.client.naming.connections.count > 0;
    });
    return new Set(confirmed.map(({ record }) => record.address.connection)).size;
  }

  /** Gives up what the connection has at clients that it had before, confirmed elsewhere or not. */
  dropFormer(connection: ConnectionKey): void {
    for (const sent of this.#over(connection)) {
      if (formerOf(sent.places) === undefined) continue;
      sent.places = withoutFormer(sent.places);
      this.#moved.call(sent.service);
    }
  }

  /** What the client has failed to publish is tried now: the cause may have passed. */
  retry(client: NacosClient): void {
    this.#retries.now(client);
  }

  stop(): void {
    this.#retries.stop();
  }

  #publish(all: SentService, id: string, sent: Sent, record: PublishedRecord): void {
    const { clock } = this.#options;
    const { address } = record;
    const pendingSinceMs = sent.record.state === 'confirmed' ? undefined : sent.record.pendingSinceMs;
    record.pendingSinceMs = pendingSinceMs ?? clock.now();
    sent.record = record;
    sent.places = wantedAt(sent.places, addressText(address));
    all.records.set(id, sent);
    this.#hold(sent, address);
    const places = placesOf(sent.places);
    this.#withdraw(
      all,
      sent,
      [...sent.held.keys()].filter((place) => !places.includes(place)),
    );
    this.#followFormer(sent);
    for (const former of formers([sent])) {
      // The client goes on by itself for as long as it is wanted, and nobody asks how it fares.
      publish(former.address, record).catch(() => {});
    }
    this.#send(sent);
  }

  #send(sent: Sent): void {
    const { record } = sent;
    publish(record.address, record).then(
      () => this.#confirmed(sent, record),
      (error: unknown) => this.#failed(sent, record, error),
    );
  }

  #sendFailed(client: NacosClient): boolean {
    const isFailed = ({ record }: Sent) => record.address.client === client && typeof record.state === 'object';
    const failed = this.#all().filter(isFailed);
    for (const sent of failed) this.#send(sent);
    return failed.length > 0;
  }

  /** Of a list that another one has replaced there is nothing to say. */
  #isCurrent(sent: Sent, record: PublishedRecord): boolean {
    const id = idOf(sent.exportId, record);
    return sent.record === record && this.#services.get(sent.service)?.records.get(id) === sent;
  }

  #confirmed(sent: Sent, record: PublishedRecord): void {
    const all = this.#services.get(sent.service);
    if (!this.#isCurrent(sent, record) || all === undefined) return;
    const hadFormer = formerOf(sent.places) !== undefined;
    sent.places = confirmedAt(sent.places, addressText(record.address));
    if (record.state !== 'confirmed') {
      record.state = 'confirmed';
      this.#options.onState(sent.exportId);
    }
    if (hadFormer) this.#moved.call(sent.service);
    this.#checkSettled(sent.service, all);
  }

  #failed(sent: Sent, record: PublishedRecord, error: unknown): void {
    if (!this.#isCurrent(sent, record)) return;
    const failed = isBridgeError(error) ? error : new BridgeError('NACOS_FAILED', messageOf(error), { cause: error });
    record.state = { failed };
    this.#options.onState(sent.exportId);
    this.#retries.later(record.address.client);
  }

  #withdraw(all: SentService, sent: Sent, places: readonly string[]): void {
    for (const place of places) {
      const address = sent.held.get(place);
      if (address === undefined) continue;
      sent.held.delete(place);
      if (this.#options.isFree(address)) this.#withdrawAt(address, sent.service, all);
      this.#letGo(address.client);
    }
    this.#followFormer(sent);
  }

  /** What Nacos does not confirm the client tries again by itself. */
  #withdrawAt({ client, service: name }: RecordAddress, service: string, all: SentService): void {
    const done = (): void => {
      all.withdrawals -= 1;
      this.#checkSettled(service, all);
    };
    all.withdrawals += 1;
    client.naming.withdraw(name).then(done, done);
  }

  #hold(sent: Sent, address: RecordAddress): void {
    const place = addressText(address);
    if (!sent.held.has(place)) this.#load.set(address.client, (this.#load.get(address.client) ?? 0) + 1);
    sent.held.set(place, address);
  }

  #letGo(client: NacosClient): void {
    const load = (this.#load.get(client) ?? 0) - 1;
    if (load > 0) return void this.#load.set(client, load);
    this.#load.delete(client);
    this.#released.call();
  }

  #followFormer(sent: Sent): void {
    const { clock } = this.#options;
    const { connection } = sent.record.address;
    const isHeld = formers([sent]).length > 0;
    if (isHeld === (sent.formerSinceMs !== undefined)) return;
    sent.formerSinceMs = isHeld ? clock.monotonic() : undefined;
    if (isHeld) clock.after(FORMER_TOLD_AFTER_MS, () => this.#formerChanged.call(connection));
    else this.#formerChanged.call(connection);
  }

  #checkSettled(service: string, all: SentService): void {
    const isConfirmed = [...all.records.values()].every(({ record }) => record.state === 'confirmed');
    if (!isConfirmed || all.withdrawals > 0 || this.#services.get(service) !== all) return;
    if (all.records.size === 0) this.#services.delete(service);
    const { hasChanged } = all;
    all.hasChanged = false;
    this.#settled.call(service, hasChanged);
  }

  #over(connection: ConnectionKey): Sent[] {
    return this.#all().filter(({ record }) => record.address.connection === connection);
  }

  #all(): Sent[] {
    return [...this.#services.values()].flatMap(({ records }) => [...records.values()]);
  }
}

function newSent(service: string, exportId: string, record: PublishedRecord): Sent {
  const places = wantedAt(undefined, addressText(record.address));
  return { service, exportId, record, places, held: new Map(), formerSinceMs: undefined };
}

/** A record stays the same when its connection gets another client. */
function idOf(exportId: string, { address: { service } }: PublishedRecord): string {
  return [exportId, service.group, service.serviceName].join(' ');
}

function isSame(before: PublishedRecord | undefined, after: PublishedRecord): boolean {
  return before?.address.client === after.address.client && isDeepStrictEqual(before.instances, after.instances);
}

function formers(sent: Iterable<Sent>): HeldRecord[] {
  return heldAt(sent, formerOf);
}

function heldAt(sent: Iterable<Sent>, place: (places: Places) => string | undefined): HeldRecord[] {
  return [...sent].flatMap(({ exportId, held, places }) => {
    const address = held.get(place(places) ?? '');
    return address === undefined ? [] : [{ exportId, address }];
  });
}

/** Rejects with whatever is wrong with it. */
async function publish({ client, service }: RecordAddress, { instances }: PublishedRecord): Promise<void> {
  await client.naming.publish(service, instances);
}
