/**
 * Guards against rules of a connection that suddenly allow hardly anything: a slip in `allow`, or a label of a namespace that
 * was renamed, must not empty a registry.
 *
 * When more than half of the names that are published over a connection, from ten on, are not allowed any more, they are
 * published on until they are allowed again or the withdrawal is confirmed at the connection. It knows what this process
 * has published: a process that starts with the new rules publishes nothing that they do not allow.
 */
import type { Clock } from '../clock.ts';
import type { ConnectionDirectory } from '../connections/connection-directory.ts';
import type { ConnectionKey } from '../connections/connection-key.ts';
import { isBridgeError } from '../errors.ts';
import { parseKey } from '../kube/resource.ts';
import type { ServiceKey } from '../nacos/index.ts';
import type { Publications, RecordAddress } from './publications.ts';
import { SelectionGuard } from './selection-guard.ts';
import type { ServiceStores } from './service-stores.ts';

interface AllowGuardOptions {
  clock: Clock;
  directory: Pick<ConnectionDirectory, 'findUsable'>;
  publications: Pick<Publications, 'of' | 'servicesOver'>;
  stores: Pick<ServiceStores, 'services'>;
}

/** What is held was found out over all names of the connection, so it is believed for a moment. */
const BELIEVED_MS = 500;

interface Held {
  readonly allowanceId: string;
  readonly sinceMs: number;
  readonly names: ReadonlySet<string>;
}

export class AllowGuard {
  readonly #options: AllowGuardOptions;
  readonly #guard: SelectionGuard;
  readonly #held = new Map<ConnectionKey, Held>();

  constructor(options: AllowGuardOptions) {
    this.#options = options;
    this.#guard = new SelectionGuard(options.clock);
  }

  /** Whether a name that a Service may not have any more is published for it on. */
  isHeld(service: string, { connection, service: name }: RecordAddress): boolean {
    return this.#heldOver(connection).has(nameText(service, name));
  }

  #heldOver(connection: ConnectionKey): ReadonlySet<string> {
    const { clock, directory, stores } = this.#options;
    const allowance = directory.findUsable(connection)?.allowance;
    if (allowance === undefined) return new Set();
    const nowMs = clock.monotonic();
    const known = this.#held.get(connection);
    if (known?.allowanceId === allowance.id && nowMs - known.sinceMs < BELIEVED_MS) return known.names;
    const isSelected = (text: string): boolean => {
      const [service, name] = JSON.parse(text) as [string, ServiceKey];
      try {
        allowance.checkService(parseKey(service).namespace ?? '', name);
        return true;
      } catch (error) {
        if (isBridgeError(error)) return false;
        throw error;
      }
    };
    const held = this.#guard.held(connection, {
      existing: (text) => stores.services.get((JSON.parse(text) as [string])[0]) !== undefined,
      isSelected,
      managed: this.#published(connection),
      isConfirmed: allowance.isConfirmed,
    });
    const names = new Set(held);
    this.#held.set(connection, { allowanceId: allowance.id, sinceMs: nowMs, names });
    return names;
  }

  #published(connection: ConnectionKey): string[] {
    const { publications } = this.#options;
    return publications.servicesOver(connection).flatMap((service) => {
      const over = [...publications.of(service).values()].filter((one) => one.export.connection === connection);
      const addresses = over.flatMap(({ records }) => [...records.values()].map(({ address }) => address));
      return [...new Set(addresses.map((address) => nameText(service, address.service)))];
    });
  }
}

function nameText(service: string, { group, namespaceId, serviceName }: ServiceKey): string {
  return JSON.stringify([service, { namespaceId, group, serviceName }]);
}
