/**
 * Has the Nacos clients hold the records that are published, and tells what becomes of them. Nobody waits for Nacos: what is
 * wanted is known to the clients when `want` returns, and confirmations come as events, so that a Nacos that answers slowly
 * costs nobody but itself.
 *
 * Guarantees: a record whose connection gets another client is held by the former one until the new one has confirmed it
 * (record-places.ts) and the other servers of its Nacos know that, too, and both have the same instances of it; what Nacos does not take is tried again (record-retries.ts).
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock.ts';
import type { ConnectionKey } from '../connections/connection-key.ts';
import { spreadMs } from '../connections/records-sent.ts';
import { BridgeError, isBridgeError, messageOf } from '../errors.ts';
import type { NacosClient } from '../nacos/index.ts';
import { Listeners } from '../runtime/listeners.ts';
import { FormerRecords } from './former-records.ts';
import { addressText, type Publication, type PublishedRecord, type RecordAddress } from './publications.ts';
import { confirmedAt, formerOf, placesOf, wantedAt, withoutFormer } from './record-places.ts';
import { RecordRetries } from './record-retries.ts';
import {
  confirmed,
  formers,
  idOf,
  mayBeWhereWanted,
  newSent,
  present,
  SentRecords,
  type HeldRecord,
  type SentRecord,
  type SentService,
} from './sent-records.ts';

interface RecordSenderOptions {
  clock: Clock;
  /** Whether nobody wants the name of this address: who else does replaces our record with its own, without a gap. */
  isFree: (address: RecordAddress) => boolean;
  /** Called when a record of the export is in another state. */
  onState: (exportId: string) => void;
}

export class RecordSender {
  /** What is held by clients that connections had before. */
  readonly formers: FormerRecords;
  readonly #options: RecordSenderOptions;
  readonly #sent = new SentRecords();
  readonly #retries: RecordRetries;
  readonly #settled = new Listeners<[service: string, hasChanged: boolean]>();
  readonly #moved = new Listeners<[service: string]>();
  readonly #released = new Listeners();

  constructor(options: RecordSenderOptions) {
    this.#options = options;
    this.formers = new FormerRecords(options.clock);
    this.#retries = new RecordRetries(options.clock, (sent) => this.#send(sent));
  }

  /** Told a Service of which everything is confirmed now, and whether that took a request. */
  onSettled(listener: (service: string, hasChanged: boolean) => void): void {
    this.#settled.add(listener);
  }

  /** Told a Service with a record that need not be at its former client any more: it leaves by the next `want`. */
  onMoved(listener: (service: string) => void): void {
    this.#moved.add(listener);
  }

  /** Told when a client holds nothing any more. */
  onRelease(listener: () => void): void {
    this.#released.add(listener);
  }

  /** From now on these are the publications of a Service. */
  want(service: string, publications: readonly Publication[]): void {
    const all = this.#sent.begin(service);
    const gone = new Map(all.records);
    for (const { export: rules, isKnown, records } of publications) {
      for (const record of records.values()) {
        const id = idOf(rules.id, record);
        const sent = gone.get(id);
        gone.delete(id);
        if (isKnown) this.#publish(all, id, sent ?? newSent(service, rules.id, record), record);
        else if (sent) this.#leaveFormer(all, sent);
      }
    }
    for (const [id, sent] of gone) {
      all.hasChanged = true;
      all.records.delete(id);
      this.#retries.forget(sent);
      this.#withdraw(all, sent, [...sent.held.keys()]);
    }
    this.#checkSettled(service, all);
  }

  /** Whether the client holds records, or was asked to. */
  uses(client: NacosClient): boolean {
    return this.#sent.uses(client);
  }

  /** The records of a Service that Nacos has, or may have, each where that is. */
  presentOf(service: string): readonly HeldRecord[] {
    return present(this.#sent.of(service)?.records.values() ?? []);
  }

  /** How many connections have a record that Nacos has confirmed, at a client that is connected. */
  get confirmedConnections(): number {
    const alive = confirmed(this.#sent.all()).filter(({ address }) => address.client.naming.connections.count > 0);
    return new Set(alive.map(({ address }) => address.connection)).size;
  }

  /** Gives up what the connection has at clients that it had before, confirmed elsewhere or not. */
  dropFormer(connection: ConnectionKey): void {
    for (const sent of this.formers.over(connection)) {
      if (formerOf(sent.places) === undefined) continue;
      sent.places = withoutFormer(sent.places);
      this.#moved.call(sent.service);
    }
  }

  /** What the client has failed to publish is tried now: the cause may have passed. */
  retry(client: NacosClient): void {
    this.#retries.now(({ record }) => record.address.client === client);
  }

  stop(): void {
    this.#retries.stop();
  }

  #publish(all: SentService, id: string, sent: SentRecord, record: PublishedRecord): void {
    const { clock } = this.#options;
    const { address } = record;
    if (!all.records.has(id) || !isSame(sent.record, record)) all.hasChanged = true;
    const pendingSinceMs = sent.record.state === 'confirmed' ? undefined : sent.record.pendingSinceMs;
    record.pendingSinceMs = pendingSinceMs ?? clock.now();
    sent.record = record;
    sent.places = wantedAt(sent.places, addressText(address), mayBeWhereWanted(sent));
    all.records.set(id, sent);
    this.#sent.hold(sent, address);
    this.#leaveFormer(all, sent);
    for (const former of formers([sent])) {
      // The client goes on by itself for as long as it is wanted, and nobody asks how it fares.
      publish(former.address, record).catch(() => {});
    }
    this.#send(sent);
  }

  #send(sent: SentRecord): void {
    const { record } = sent;
    publish(record.address, record).then(
      () => this.#confirmed(sent, record),
      (error: unknown) => this.#failed(sent, record, error),
    );
  }

  /** Of a list that another one has replaced there is nothing to say. */
  #isCurrent(sent: SentRecord, record: PublishedRecord): boolean {
    const id = idOf(sent.exportId, record);
    return sent.record === record && this.#sent.of(sent.service)?.records.get(id) === sent;
  }

  #confirmed(sent: SentRecord, record: PublishedRecord): void {
    const all = this.#sent.of(sent.service);
    if (!this.#isCurrent(sent, record) || all === undefined) return;
    const hadFormer = formerOf(sent.places) !== undefined;
    if (hadFormer && !canSpeak(record)) return this.#retries.later(sent);
    this.#retries.forget(sent);
    if (record.state !== 'confirmed') {
      record.state = 'confirmed';
      this.#options.onState(sent.exportId);
    }
    const waitMs = hadFormer ? spreadMs(record.address.client.naming) : 0;
    if (waitMs === 0) this.#keepThere(sent, record.address);
    else this.#options.clock.after(waitMs, () => this.#keepThere(sent, record.address));
    this.#checkSettled(sent.service, all);
  }

  /** From now on it need not be elsewhere: other servers know of it, too, and show something when they lose the former one. */
  #keepThere(sent: SentRecord, address: RecordAddress): void {
    const { places, record } = sent;
    // Of a list that has taken its place since the confirmation is still to come.
    if (record.state !== 'confirmed') return;
    sent.places = confirmedAt(places, addressText(address));
    if (formerOf(places) !== undefined && formerOf(sent.places) === undefined) this.#moved.call(sent.service);
  }

  #failed(sent: SentRecord, record: PublishedRecord, error: unknown): void {
    if (!this.#isCurrent(sent, record)) return;
    const failed = isBridgeError(error) ? error : new BridgeError('NACOS_FAILED', messageOf(error), { cause: error });
    record.state = { failed };
    this.#options.onState(sent.exportId);
    this.#retries.later(sent);
  }

  /** Where it need not be any more. */
  #leaveFormer(all: SentService, sent: SentRecord): void {
    const places = placesOf(sent.places);
    const left = [...sent.held.keys()].filter((place) => !places.includes(place));
    this.#withdraw(all, sent, left);
  }

  #withdraw(all: SentService, sent: SentRecord, places: readonly string[]): void {
    for (const place of places) {
      const address = this.#sent.letGo(sent, place);
      if (address === undefined) continue;
      if (this.#options.isFree(address)) this.#withdrawAt(address, sent.service, all);
      if (!this.#sent.uses(address.client)) this.#released.call();
    }
    this.formers.follow(sent);
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

  #checkSettled(service: string, all: SentService): void {
    const isConfirmed = [...all.records.values()].every(({ record }) => record.state === 'confirmed');
    if (!isConfirmed || all.withdrawals > 0 || this.#sent.of(service) !== all) return;
    if (all.records.size === 0) this.#sent.forget(service);
    const { hasChanged } = all;
    all.hasChanged = false;
    this.#settled.call(service, hasChanged);
  }
}

function isSame(before: PublishedRecord, after: PublishedRecord): boolean {
  return before.address.client === after.address.client && isDeepStrictEqual(before.instances, after.instances);
}

/**
 * Whether it is Nacos that has spoken: a client that is suspended takes everything and sends nothing, and to withdraw what it
 * does not have it needs no server.
 */
function canSpeak({ address: { client }, instances }: PublishedRecord): boolean {
  if (instances.length > 0) return !client.naming.connections.isSuspended;
  return client.state.kind === 'connected' && client.state.authenticated;
}

/** Rejects with whatever is wrong with it. */
async function publish({ client, service }: RecordAddress, { instances }: PublishedRecord): Promise<void> {
  await client.naming.publish(service, instances);
}
