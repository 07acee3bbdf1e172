/** What the tests of the naming client work with: services, instances, and somebody who looks at them. */
import { type ErrorCode, isBridgeError } from '../../../operator/errors.ts';
import type { NamingClient } from '../../../operator/nacos/naming/naming-client.ts';
import type { Instance, ServiceInfo, ServiceKey } from '../../../operator/nacos/naming/naming-types.ts';
import { clientFor, type ObservedNacos } from '../client-for.ts';
import { until } from '../until.ts';

export const writes = ['BatchInstanceRequest', 'InstanceRequest'] as const;

export function service(serviceName: string, namespaceId = ''): ServiceKey {
  return { namespaceId, group: 'g', serviceName };
}

export function instance(ip: string, changes: Partial<Instance> = {}): Instance {
  const metadata = { zone: 'a', app: 'x' };
  return { ip, port: 80, weight: 1, healthy: true, enabled: true, clusterName: 'DEFAULT', metadata, ...changes };
}

/** `count` instances with addresses of their own. */
export function instances(count: number, net = 1): Instance[] {
  return Array.from({ length: count }, (_, index) => instance(`10.${net}.${index >> 8}.${index & 255}`));
}

export function isCode(code: ErrorCode, message = /./): (error: unknown) => boolean {
  return (error) => isBridgeError(error, code) && message.test(error.message);
}

export function ipsOf({ hosts }: ServiceInfo): string {
  return hosts.map(({ ip }) => ip).join();
}

/** Somebody who only looks. */
export interface Observer {
  readonly naming: NamingClient;
  ipsOf(name: string): Promise<string>;
  /** Resolves when the server tells these addresses, which it may do a moment after it has confirmed them. */
  sees(name: string, ips: string): Promise<void>;
}

export function observerOf(nacos: ObservedNacos): Observer {
  const { naming } = clientFor([nacos]).client;
  const look = async (name: string): Promise<string> => ipsOf(await naming.query(service(name)));
  const sees = async (name: string, ips: string): Promise<void> => {
    let found: string | undefined;
    const lookAgain = async (): Promise<void> => void (found = await look(name));
    await until(`${name} is '${ips}'`, () => found === ips, lookAgain);
  };
  return { naming, ipsOf: look, sees };
}

/** Everything that a subscription hears, as the addresses of the hosts. */
export async function listen(
  naming: NamingClient,
  to: ServiceKey,
): Promise<{ readonly heard: string[]; stop(): void }> {
  const heard: string[] = [];
  const subscription = naming.subscribe(to, (info) => heard.push(ipsOf(info)));
  await until('the first word', () => heard.length > 0);
  return { heard, stop: () => subscription.stop() };
}
