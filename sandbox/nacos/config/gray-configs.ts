/**
 * Versions of a config for some clients only: those of some addresses (beta), and those that ask for a tag. They leave the
 * formal version as it is, are served to queries, and are gone with a removal of theirs. Nobody is notified of them.
 */
import type { Clock } from '../../../operator/clock.ts';
import { groupKeyOf } from './config.ts';
import type { ConfigFields, ConfigKey } from './config.ts';
import { md5Of } from './config-store.ts';

export interface GrayConfig {
  readonly fields: ConfigFields;
  readonly md5: string;
  readonly modifyTimeMs: number;
}

interface Grays {
  beta: { readonly ips: ReadonlySet<string>; readonly config: GrayConfig } | undefined;
  readonly byTag: Map<string, GrayConfig>;
}

export class GrayConfigs {
  readonly #clock: Clock;
  readonly #grays = new Map<string, Grays>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  publishBeta(key: ConfigKey, betaIps: string, fields: ConfigFields): void {
    const ips = new Set(betaIps.split(',').map((ip) => ip.trim()));
    this.#graysOf(key).beta = { ips, config: this.#version(fields) };
  }

  publishTag(key: ConfigKey, tag: string, fields: ConfigFields): void {
    this.#graysOf(key).byTag.set(tag, this.#version(fields));
  }

  /** For a client of this address. */
  betaFor(key: ConfigKey, clientIp: string): GrayConfig | undefined {
    const beta = this.#grays.get(groupKeyOf(key))?.beta;
    return beta?.ips.has(clientIp) ? beta.config : undefined;
  }

  tagged(key: ConfigKey, tag: string): GrayConfig | undefined {
    return this.#grays.get(groupKeyOf(key))?.byTag.get(tag);
  }

  removeBeta(key: ConfigKey): void {
    const grays = this.#grays.get(groupKeyOf(key));
    if (grays) grays.beta = undefined;
  }

  removeTag(key: ConfigKey, tag: string): void {
    this.#grays.get(groupKeyOf(key))?.byTag.delete(tag);
  }

  /** With the formal version the others go. */
  removeAll(key: ConfigKey): void {
    this.#grays.delete(groupKeyOf(key));
  }

  /** Whether it is published to some addresses. */
  isBeta(key: ConfigKey): boolean {
    return this.#grays.get(groupKeyOf(key))?.beta !== undefined;
  }

  #graysOf(key: ConfigKey): Grays {
    const groupKey = groupKeyOf(key);
    const grays = this.#grays.get(groupKey) ?? { beta: undefined, byTag: new Map<string, GrayConfig>() };
    this.#grays.set(groupKey, grays);
    return grays;
  }

  #version(fields: ConfigFields): GrayConfig {
    return { fields, md5: md5Of(fields.content), modifyTimeMs: this.#clock.now() };
  }
}
