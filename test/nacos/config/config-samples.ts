/** What the tests of the config client work with: one config, how it shows, and servers whose cache is behind. */
import { type ErrorCode, isBridgeError } from '../../../operator/errors.ts';
import type { ConfigKey } from '../../../operator/nacos/config/config-key.ts';
import { md5Of, type VersionObservation } from '../../../operator/nacos/config/config-snapshot.ts';
import { FakeClock } from '../../fake-clock.ts';
import { clientFor, nacosServer, type ObservedNacos } from '../client-for.ts';
import { until } from '../until.ts';

export const key = { namespaceId: '', group: 'g', dataId: 'd' };
export const plain = { type: 'text', cas: 'none' } as const;

export function isCode(code: ErrorCode, message = /./): (error: unknown) => boolean {
  return (error) => isBridgeError(error, code) && message.test(error.message);
}

export function shown(observation: VersionObservation): string {
  if (observation.kind === 'absent') return '(absent)';
  const { content, md5 } = observation.snapshot;
  return content ?? `md5 ${md5}`;
}

/** A version whose content is not in memory. */
export function shownByMd5(content: string): string {
  return `md5 ${md5Of(content)}`;
}

/** Somebody else who writes. */
export interface Author {
  publish(content: string, at?: ConfigKey): Promise<void>;
  remove(at?: ConfigKey): Promise<void>;
}

export async function authorOf(nacos: ObservedNacos): Promise<Author> {
  const { client, connected } = clientFor([nacos]);
  await connected();
  return {
    publish: async (content, at = key) => void (await client.config.publish(at, content, plain)),
    remove: (at = key) => client.config.remove(at),
  };
}

/** A server with a config, and somebody else who writes it. */
export async function servedConfig(content?: string) {
  const nacos = await nacosServer();
  const author = await authorOf(nacos);
  if (content !== undefined) await author.publish(content);
  return { nacos, author };
}

/** The same on a server whose cache follows its database when it is told to. */
export async function heldConfig(content?: string) {
  const clock = new FakeClock();
  const nacos = await nacosServer({ clock, dumpDelayMs: 80 });
  const author = await authorOf(nacos);
  const pass = (ms: number): Promise<void> => clock.advance(ms);
  const dump = (): Promise<void> => pass(80);
  if (content !== undefined) {
    await author.publish(content);
    await dump();
  }
  return { nacos, author, dump, pass };
}

const listen = 'ConfigBatchListenRequest';

export function listening(nacos: ObservedNacos, times = 1): Promise<void> {
  return until('listening', () => nacos.count(listen) >= times);
}

export const reads = (nacos: ObservedNacos): number => nacos.count('ConfigQueryRequest');
export const listens = (nacos: ObservedNacos): number => nacos.count(listen);
