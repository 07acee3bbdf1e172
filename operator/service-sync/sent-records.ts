/**
 * What the Nacos clients were asked to hold: of each record where, and what became of it. Knows no rule and sends nothing.
 */
import type { NacosClient } from '../nacos/index.ts';
import { addressText, type PublishedRecord, type RecordAddress } from './publications.ts';
import { formerOf, presentAt, wantedAt, type Places } from './record-places.ts';

export interface SentRecord {
  readonly service: string;
  readonly exportId: string;
  record: PublishedRecord;
  places: Places;
  /** Where clients were asked to hold it, by the text of the address. */
  readonly held: Map<string, RecordAddress>;
}

/** All of one Service. */
export interface SentService {
  /** By export and name. */
  readonly records: Map<string, SentRecord>;
  /** Whether anything had to be sent since all was confirmed last. */
  hasChanged: boolean;
  /** Those that Nacos has not confirmed. */
  withdrawals: number;
}

export interface HeldRecord {
  readonly exportId: string;
  readonly address: RecordAddress;
}

export class SentRecords {
  readonly #services = new Map<string, SentService>();
  /** How many records each client was asked to hold. */
  readonly #load = new Map<NacosClient, number>();

  of(service: string): SentService | undefined {
    return this.#services.get(service);
  }

  begin(service: string): SentService {
    const all = this.#services.get(service) ?? { records: new Map(), hasChanged: false, withdrawals: 0 };
    this.#services.set(service, all);
    return all;
  }

  forget(service: string): void {
    this.#services.delete(service);
  }

  all(): SentRecord[] {
    return [...this.#services.values()].flatMap(({ records }) => [...records.values()]);
  }

  /** Whether the client holds records, or was asked to. */
  uses(client: NacosClient): boolean {
    return this.#load.has(client);
  }

  hold({ held }: SentRecord, address: RecordAddress): void {
    const place = addressText(address);
    if (!held.has(place)) this.#load.set(address.client, (this.#load.get(address.client) ?? 0) + 1);
    held.set(place, address);
  }

  /** Returns where that was; undefined when it was not held there. */
  letGo({ held }: SentRecord, place: string): RecordAddress | undefined {
    const address = held.get(place);
    if (address === undefined) return undefined;
    held.delete(place);
    const load = (this.#load.get(address.client) ?? 0) - 1;
    if (load > 0) this.#load.set(address.client, load);
    else this.#load.delete(address.client);
    return address;
  }
}

export function newSent(service: string, exportId: string, record: PublishedRecord): SentRecord {
  const places = wantedAt(undefined, addressText(record.address), false);
  return { service, exportId, record, places, held: new Map() };
}

/** A record stays the same when its connection gets another client. */
export function idOf(exportId: string, { address: { service } }: PublishedRecord): string {
  return [exportId, service.group, service.serviceName].join(' ');
}

/** Those that former clients hold. */
export function formers(sent: Iterable<SentRecord>): HeldRecord[] {
  return heldAt(sent, ({ places }) => formerOf(places));
}

/** Those that Nacos has, or may have, each where that is. */
export function present(sent: Iterable<SentRecord>): HeldRecord[] {
  return heldAt(sent, (one) => presentAt(one.places, mayBeWhereWanted(one)));
}

/** Those that Nacos is known to have. */
export function confirmed(sent: Iterable<SentRecord>): HeldRecord[] {
  return heldAt(sent, ({ places }) => places.present);
}

/** Whether Nacos may have it where it is wanted, confirmed or not. */
export function mayBeWhereWanted({ held, places }: SentRecord): boolean {
  const address = held.get(places.wanted);
  return address !== undefined && address.client.naming.mayHold(address.service);
}

function heldAt(sent: Iterable<SentRecord>, place: (one: SentRecord) => string | undefined): HeldRecord[] {
  return [...sent].flatMap((one) => {
    const address = one.held.get(place(one) ?? '');
    return address === undefined ? [] : [{ exportId: one.exportId, address }];
  });
}
