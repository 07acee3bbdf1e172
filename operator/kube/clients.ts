/** The clients of the API server that one operator has: what must not wait behind other calls has one of its own. */
import { KubeClient } from './client.ts';

type Common = Omit<Parameters<typeof KubeClient.load>[0], 'requestTimeoutMs' | 'maxConnections'>;

/** A reconcile of a leader that has lost must be over, failing calls and all, before its stop counts as stuck. */
const CALLS = { requestTimeoutMs: 10_000, maxConnections: 16 };
/** A renewal must have time for a second attempt within the deadline of 10 s. */
const RENEWALS = { requestTimeoutMs: 5000, maxConnections: 1 };

export class KubeClients {
  readonly calls: KubeClient;
  readonly #common: Common;
  readonly #all: KubeClient[];

  constructor(common: Common) {
    this.#common = common;
    this.calls = KubeClient.load({ ...common, ...CALLS });
    this.#all = [this.calls];
  }

  /** One more, for the renewals of one Lease. */
  forRenewals(): KubeClient {
    const client = KubeClient.load({ ...this.#common, ...RENEWALS });
    this.#all.push(client);
    return client;
  }

  /** When `last`, which needs them, is over. */
  async closeAfter(last: Promise<void>): Promise<void> {
    await last;
    await Promise.all(this.#all.map(async (client) => client.close()));
  }
}
