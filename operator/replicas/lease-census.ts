/**
 * The Leases of all replicas, looked at as a whole: which publication formats they speak, and which of them nobody will
 * ever renew or delete.
 */
import { sleep, type Clock } from '../clock.ts';
import { MANAGED_BY, MANAGED_BY_LABEL, PUBLICATION_FORMAT_ANNOTATION } from '../api/names.ts';
import { errorFields, type Logger } from '../logger.ts';
import type { Lease } from '../kube/lease.ts';
import type { ResourceClient } from '../kube/resource-client.ts';
import type { Runnable } from '../runtime/runnable.ts';

interface LeaseCensusOptions {
  leases: Pick<ResourceClient<Lease>, 'list' | 'delete'>;
  namespace: string;
  clock: Clock;
  log: Logger;
}

const ROUND_MS = 600_000;
const DEAD_AFTER_MS = 3_600_000;

/** The leader's part: removes the Leases of replicas that ended without a word and had no pod to go with. */
export class LeaseCensus implements Runnable {
  readonly name = 'lease census';
  readonly #options: LeaseCensusOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: LeaseCensusOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#round().catch((error: unknown) => log.warn('old Leases cannot be removed', errorFields(error)));
      await sleep(clock, ROUND_MS, signal).catch(() => {});
    }
  }

  async #round(): Promise<void> {
    const { clock, leases, log, namespace } = this.#options;
    const all = await replicaLeases(this.#options);
    for (const lease of all.filter((one) => isDead(one, clock.now()))) {
      const { name, resourceVersion, uid } = lease.metadata;
      await leases.delete(name, namespace, { uid, resourceVersion });
      log.info('removed the Lease of a replica that is gone', { lease: name });
    }
  }
}

/** Warns of replicas whose publications this version may not know how to equal. */
export async function warnOfNewerFormats(options: LeaseCensusOptions, known: number): Promise<void> {
  const { log } = options;
  try {
    for (const { metadata } of await replicaLeases(options)) {
      const format = Number(metadata.annotations?.[PUBLICATION_FORMAT_ANNOTATION]);
      if (!(format > known)) continue;
      const message = 'another replica is of a newer version, which may publish the same instances with other content';
      log.warn(message, { lease: metadata.name, format, known });
    }
  } catch (error) {
    log.warn('the Leases of the other replicas cannot be read', errorFields(error));
  }
}

/** Those that have no pod to be deleted with. Clocks differ, though not by an hour. */
export function isDead({ metadata, spec }: Lease, nowMs: number): boolean {
  const renewedMs = Date.parse(spec?.renewTime ?? '');
  return (metadata.ownerReferences ?? []).length === 0 && nowMs - renewedMs > DEAD_AFTER_MS;
}

/** A Lease without a format is of something else. */
export async function replicaLeases({
  leases,
  namespace,
}: Pick<LeaseCensusOptions, 'namespace'> & { leases: Pick<LeaseCensusOptions['leases'], 'list'> }): Promise<Lease[]> {
  const { items } = await leases.list({ namespace, labelSelector: `${MANAGED_BY_LABEL}=${MANAGED_BY}` });
  return items.filter(({ metadata }) => metadata.annotations?.[PUBLICATION_FORMAT_ANNOTATION] !== undefined);
}
