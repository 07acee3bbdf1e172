/** The clients of the API server that one operator has: what must not wait behind other calls has one of its own. */
import { KubeClient } from './client.ts';

type Common = Omit<Parameters<typeof KubeClient.load>[0], 'requestTimeoutMs' | 'maxConnections'>;

/** A reconcile of a leader that has lost must be over, failing calls and all, before its stop counts as stuck. */
const CALLS = { requestTimeoutMs: 10_000, maxConnections: 16 };
/** A renewal must have time for a second attempt within the deadline of 10 s. */
const RENEWALS = { requestTimeoutMs: 5000, maxConnections: 1 };

export class KubeClients {
  readonly calls: KubeClient;
  /** For renewals of the Lease of the election. */
  readonly election: KubeClient;
  /** For renewals of the Lease of this replica. */
  readonly replica: KubeClient;

  constructor(common: Common) {
    this.calls = KubeClient.load({ ...common, ...CALLS });
    this.election = KubeClient.load({ ...common, ...RENEWALS });
    this.replica = KubeClient.load({ ...common, ...RENEWALS });
  }

  /** When `last`, which needs them, is over. */
  async closeAfter(last: Promise<void>): Promise<void> {
    await last;
    await Promise.all([this.calls, this.election, this.replica].map(async (client) => client.close()));
  }
}
