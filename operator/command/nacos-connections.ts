/**
 * The Nacos servers that a command asks: those of its options, or those that NacosConnections name, one client for all
 * that share them.
 */
import { Registry } from 'prom-client';
import { FIELD_MANAGER, METRICS_PREFIX } from '../api/names.ts';
import type { NacosConnection } from '../api/resources.ts';
import { systemClock } from '../clock.ts';
import { Allowance, selectByLabels, unrestricted, type AllowRule } from '../connections/allowance.ts';
import { ClientPool } from '../connections/client-pool.ts';
import { titleOf, type ConnectionHandle } from '../connections/connection-directory.ts';
import { DEFAULT_CONNECTION, type ConnectionKey } from '../connections/connection-key.ts';
import type { GivenServers } from '../connections/default-connection.ts';
import { createNacosMetrics } from '../connections/nacos-metrics.ts';
import { PasswordFile } from '../connections/password-file.ts';
import { compileSettings, type ConnectionSettings, type Secret } from '../connections/settings.ts';
import { BridgeError } from '../errors.ts';
import type { AllowedServers } from '../options/given-servers.ts';
import { silentLogger } from '../logger.ts';
import { hostAndPort, normaliseNamespaceId } from '../nacos/index.ts';

const CONCURRENT_REQUESTS = 20;

export class NacosConnections {
  readonly #pool: ClientPool;
  readonly #given: ConnectionSettings | undefined;
  readonly #allow: readonly AllowRule[] | undefined;
  readonly #handles = new Map<ConnectionKey, ConnectionHandle>();

  /** @throws BridgeError INVALID_OPTION when the password cannot be read */
  constructor(options: GivenServers & Partial<AllowedServers>, version: string) {
    const metrics = createNacosMetrics(new Registry(), METRICS_PREFIX);
    this.#allow = options.nacosAllow;
    this.#given = options.nacos.length === 0 ? undefined : settingsOf(options);
    this.#pool = new ClientPool({
      clientName: `Nacos-Bridge:v${version}`,
      appName: FIELD_MANAGER,
      log: silentLogger,
      clock: systemClock,
      metrics,
    });
  }

  /** Whether the default connection is allowed to namespaces by their labels. */
  get selectsByLabels(): boolean {
    return selectByLabels(this.#allow);
  }

  /**
   * The connection for resources that name none, with what it allows to a namespace of these labels.
   *
   * @throws BridgeError INVALID_OPTION when no servers were given
   */
  default(labels?: Readonly<Record<string, string>>): ConnectionHandle {
    if (this.#given) {
      const handle = this.#open(DEFAULT_CONNECTION, this.#given);
      const allowance = new Allowance({ title: handle.title, rules: this.#allow, labelsOf: () => labels });
      return { ...handle, allowance };
    }
    throw new BridgeError('INVALID_OPTION', '--nacos must be given: a NacosConfig uses the default connection');
  }

  /**
   * The connection of a NacosConnection, on the servers that were given where any were.
   *
   * @param resource undefined when nobody has it
   * @throws BridgeError REFERENCE_MISSING, INVALID_SPEC
   */
  named(key: ConnectionKey, resource: NacosConnection | undefined, secret: Secret | undefined): ConnectionHandle {
    const allow = resource?.spec.allow;
    const allowance = new Allowance({ title: titleOf(key), rules: allow && [allow] });
    if (this.#given) {
      const namespaceId = normaliseNamespaceId(resource?.spec.namespaceId ?? this.#given.namespaceId);
      return { ...this.#open(key, { ...this.#given, namespaceId }), allowance };
    }
    if (resource) return { ...this.#open(key, compileSettings(resource, secret)), allowance };
    throw new BridgeError('REFERENCE_MISSING', `${titleOf(key)} is not known here; give --nacos or --kubeconfig`);
  }

  get isOverridden(): boolean {
    return this.#given !== undefined;
  }

  async close(): Promise<void> {
    await this.#pool.stop();
  }

  #open(key: ConnectionKey, settings: ConnectionSettings): ConnectionHandle {
    const known = this.#handles.get(key);
    if (known) return known;
    const { client } = this.#pool.acquire(settings);
    const { namespaceId, servers } = settings;
    const given = { client, servers: servers.map(hostAndPort), namespaceId };
    const handle = { title: titleOf(key), ...given, allowance: unrestricted };
    this.#handles.set(key, handle);
    return handle;
  }
}

/** Resolves when requests can be sent. @throws BridgeError why they cannot */
export async function established({ client }: ConnectionHandle): Promise<void> {
  for (;;) {
    const { state } = client;
    if (state.kind === 'connected' && state.authError) throw state.authError;
    if (state.kind === 'connected') return;
    if (state.kind === 'disconnected') throw state.error;
    await new Promise<void>((resolve) => {
      const forget = client.onStateChange(() => {
        forget();
        resolve();
      });
    });
  }
}

function settingsOf(options: GivenServers): ConnectionSettings {
  const { nacos, nacosNamespace, nacosPasswordFile, nacosRequestTimeoutMs, nacosUsername } = options;
  const password =
    nacosPasswordFile === undefined ? undefined : new PasswordFile(nacosPasswordFile, systemClock).read();
  const hasLogin = nacosUsername !== undefined && password !== undefined;
  return {
    servers: nacos,
    namespaceId: normaliseNamespaceId(nacosNamespace),
    publicNamespace: options.nacosPublicNamespace,
    credentials: hasLogin ? { username: nacosUsername, password } : undefined,
    requestTimeoutMs: nacosRequestTimeoutMs,
    updateConcurrency: CONCURRENT_REQUESTS,
  };
}
