/** What the tests of the naming client work with: services, instances, and what a fake server has of them. */
import { isBridgeError } from '../../../operator/errors.ts';
import type { ErrorCode } from '../../../operator/errors.ts';
import type { Instance, ServiceKey } from '../../../operator/nacos/naming/naming-types.ts';
import type { FakeNacos } from '../fake-nacos.ts';

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

/** Types of naming requests so far, one after another. */
export function sent(fake: FakeNacos): string[] {
  return fake.naming.requests.map(({ type, service: key }) => `${type} ${key.split(' ').at(-1)}`);
}

/** The naming connections that hold something, with the number of instances of each. */
export function loads(fake: FakeNacos): number[] {
  return [...fake.naming.slots.values()]
    .map((slots) => [...slots.values()].reduce((sum, list) => sum + list.length, 0))
    .filter((load) => load > 0)
    .sort((a, b) => a - b);
}
