/**
 * All naming of one client: the main one, and those that were opened beside it, which share nothing with it but the servers
 * and the login.
 */
import type { NacosMetrics } from '../metrics.ts';
import { NamingClient, type NamingClientOptions } from './naming-client.ts';

export class NamingClients {
  readonly main: NamingClient;
  readonly #options: NamingClientOptions;
  readonly #beside = new Set<NamingClient>();

  constructor(options: NamingClientOptions) {
    this.#options = options;
    this.main = new NamingClient(options);
  }

  /** Started, until its `stop` or that of all. */
  open(beforeRedo: NamingClientOptions['beforeRedo']): NamingClient {
    const metrics = metricsBeside(this.#options.metrics);
    const onStop = (): void => void this.#beside.delete(naming);
    const naming = new NamingClient({ ...this.#options, metrics, beforeRedo, onStop });
    this.#beside.add(naming);
    naming.start();
    return naming;
  }

  authenticated(): void {
    for (const naming of this.#all) naming.authenticated();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map((naming) => naming.stop()));
  }

  get #all(): NamingClient[] {
    return [this.main, ...this.#beside];
  }
}

/** What is asked beside is one operation, and what is held beside is not counted. */
function metricsBeside(own: NacosMetrics): NacosMetrics {
  return {
    ...own,
    measure: (_operation, work) => own.measure('naming_other', work),
    redone: () => {},
    namingConnectionOpened: () => {},
    namingConnectionClosed: () => {},
  };
}
