/**
 * `npm run bench -- embedded`: how long the event loop of the embedded servers stands still under 10,000 configs on either
 * side and 50,000 instances. Needs nothing but this checkout. README.md says what the figures mean.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { BareNacos } from './bare-nacos.ts';
import { forEach } from './bench-world.ts';
import type { EmbeddedAddress, StallReport } from './embedded-servers.ts';

const configs = 10_000;
const services = 5_000;
const instancesPerService = 10;
const watchers = 5;
const contentBytes = 1024;
const resources = '/apis/bridge.nacos.io/v1alpha1';

/** Returns the exit code. */
export async function benchEmbedded(): Promise<number> {
  const servers = fork(join(import.meta.dirname, 'embedded-servers.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  try {
    const address = await answer<EmbeddedAddress>(servers);
    const report = async (what: string, work: () => Promise<void>): Promise<void> => {
      await ask(servers);
      const beganMs = performance.now();
      await work();
      const seconds = (performance.now() - beganMs) / 1000;
      const { longestMs, residentMb } = await ask(servers);
      const figures = [`${longestMs.toFixed(0)} ms`, `${seconds.toFixed(1)} s`, `${residentMb} MB`];
      console.log([what.padEnd(58), ...figures.map((figure) => figure.padStart(9))].join(''));
    };
    console.log(['phase'.padEnd(58), ...['stall', 'took', 'memory'].map((head) => head.padStart(9))].join(''));
    await loadKubernetes(address, report);
    await loadNacos(address, report);
    return 0;
  } finally {
    servers.disconnect();
  }
}

type Report = (what: string, work: () => Promise<void>) => Promise<void>;

async function loadKubernetes({ url, token }: EmbeddedAddress, report: Report): Promise<void> {
  const dispatcher = new Agent({
    connect: { rejectUnauthorized: false },
    connections: 40,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const send = async (method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown, type = 'application/json') => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': type };
    const response = await request(url + path, {
      method,
      dispatcher,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (response.statusCode >= 300) throw new Error(`${method} ${path}: ${await response.body.text()}`);
    return response.body;
  };
  const one = `${resources}/namespaces/default/nacosconfigs`;
  for (let watch = 0; watch < watchers; watch += 1) {
    const body = await send('GET', `${resources}/nacosconfigs?watch=1`);
    body.on('error', () => {}).resume();
  }
  await report(`Kubernetes: ${configs} NacosConfigs are created, ${watchers} watches`, () =>
    forEach(numbers(configs), async (number) => {
      const spec = { content: 'x'.repeat(contentBytes) };
      await (await send('POST', one, { metadata: { name: `config-${number}` }, spec })).dump();
    }),
  );
  await report('Kubernetes: all are patched', () =>
    forEach(numbers(configs), async (number) => {
      const patch = { metadata: { annotations: { number: String(number) } } };
      await (await send('PATCH', `${one}/config-${number}`, patch, 'application/merge-patch+json')).dump();
    }),
  );
  await report('Kubernetes: all are listed without pages', async () => {
    await (await send('GET', `${resources}/nacosconfigs`)).text();
  });
  await dispatcher.destroy();
}

async function loadNacos({ host, grpcPort }: EmbeddedAddress, report: Report): Promise<void> {
  const connect = (module: 'config' | 'naming') => BareNacos.connect({ host, grpcPort, accessToken: '', module });
  const [config, listener, naming] = await Promise.all([connect('config'), connect('config'), connect('naming')]);
  const key = (number: number) => ({ dataId: `config-${number}`, group: 'bench' });
  await report(`Nacos: ${configs} configs are listened to`, () =>
    forEach(numbers(configs), (number) => listener.listen(key(number), '', () => {})),
  );
  await report('Nacos: all are published, and pushed', () =>
    forEach(numbers(configs), (number) => config.publish(key(number), String(number).padEnd(contentBytes, '.'))),
  );
  await report(`Nacos: ${services * instancesPerService} instances of ${services} services are registered`, () =>
    forEach(numbers(services), async (number) => {
      const places = numbers(instancesPerService).map((host) => ({
        ip: `10.${number >> 8}.${number & 255}.${host}`,
        port: 80,
      }));
      await naming.register('bench', `service-${number}`, places);
    }),
  );
  await report('Nacos: their publisher goes', async () => {
    naming.close();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  });
  for (const client of [config, listener]) client.close();
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

async function ask(servers: ChildProcess): Promise<StallReport> {
  servers.send('report');
  return answer<StallReport>(servers);
}

function answer<Message>(servers: ChildProcess): Promise<Message> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the embedded servers ended with ${String(code)}`));
    servers.once('exit', ended);
    servers.once('message', (message) => {
      servers.off('exit', ended);
      resolve(message as Message);
    });
  });
}
