/**
 * What applications do wrong. Each is tried with both servers, which must refuse it, or let it pass, in the same words.
 */
import type { NacosSdk } from '../testbed/nacos-sdk.ts';

const group = 'refusals';
const ip = '198.18.0.1';

const attempts: Readonly<Record<string, (sdk: NacosSdk) => Promise<unknown>>> = {
  'a dataId with a blank': (sdk) => sdk.publish(group, 'a b', 'content'),
  'a group with a blank': (sdk) => sdk.publish('a b', 'dataId', 'content'),
  'a blank content': (sdk) => sdk.publish(group, 'dataId', '  '),
  'the removal of what is not there': (sdk) => sdk.remove(group, 'absent'),
  'a cluster with a blank': (sdk) => sdk.registerInstance(group, 'service', { ip, port: 1, clusterName: 'a b' }),
  'a batch with such a cluster': (sdk) => sdk.registerBatch(group, 'batch', [{ ip, port: 1, clusterName: 'a b' }]),
  'metadata that are too long': (sdk) =>
    sdk.registerInstance(group, 'service', { ip, port: 1, metadata: { long: 'x'.repeat(1025) } }),
  'the deregistration of what is not there': (sdk) => sdk.deregister(group, 'absent', ip, 1),
  'the instances of a service that is not there': (sdk) => sdk.instances('none', 'none'),
  'the services of a group that is not there': (sdk) => sdk.services('none', 1, 10),
};

/** How each attempt ended: the error's text, or the result. */
export async function outcomesOf(sdk: NacosSdk): Promise<Record<string, unknown>> {
  const outcomes: Record<string, unknown> = {};
  for (const [title, attempt] of Object.entries(attempts)) {
    outcomes[title] = await attempt(sdk).catch((error: unknown) => String(error));
  }
  await sdk.registerInstance(group, 'ephemeral', { ip, port: 1, clusterName: 'DEFAULT' });
  const persistent = { ip, port: 2, clusterName: 'DEFAULT', persistent: true };
  outcomes['a persistent instance beside an ephemeral one'] = await sdk
    .registerInstance(group, 'ephemeral', persistent)
    .catch((error: unknown) => String(error));
  return outcomes;
}

/** The same for one who does not know the password. */
export async function outcomesOfImpostor(sdk: NacosSdk): Promise<Record<string, unknown>> {
  return {
    publish: await sdk.publish(group, 'dataId', 'content').catch((error: unknown) => String(error)),
    get: await sdk.get(group, 'dataId').catch((error: unknown) => String(error)),
    register: await sdk.register(group, 'service', ip, 1).catch((error: unknown) => String(error)),
  };
}
