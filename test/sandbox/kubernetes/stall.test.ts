/**
 * Thousands of objects while clients watch, and how long the event loop is held up at worst.
 *
 * A turn of the event loop is measured in the CPU time of its thread: what a busy machine takes from the process for others
 * is no stall of ours, and would make this fail at random.
 */
import assert from 'node:assert/strict';
import { request } from 'node:https';
import type { ClientRequest } from 'node:http';
import type { Deployment } from '../../../sandbox/kubernetes/controllers/shapes.ts';
import { startEmbeddedKubernetes } from '../../../sandbox/kubernetes/embedded-kubernetes.ts';
import type { EmbeddedKubernetes } from '../../../sandbox/kubernetes/embedded-kubernetes.ts';
import type { KubeObject } from '../../../sandbox/kubernetes/object.ts';

const longestStallMs = 100;
const things = 10_000;
const deployments = 50;
const podsEach = 10;
/** What one client sends in a turn of the event loop. */
const writesPerTurn = 20;
const watched = [
  '/apis/example.test/v1/things',
  '/apis/example.test/v1/namespaces/default/things',
  '/api/v1/pods',
  '/apis/apps/v1/deployments',
  '/apis/discovery.k8s.io/v1/endpointslices',
];

describe('a cluster with 10,000 custom objects and 500 pods', () => {
  let kubernetes: EmbeddedKubernetes;
  let watches: { readonly request: ClientRequest; readonly events: () => number }[] = [];

  before(async () => {
    kubernetes = await startEmbeddedKubernetes();
    create('apiextensions.k8s.io/v1', 'CustomResourceDefinition', {
      metadata: { name: 'things.example.test' },
      spec: {
        group: 'example.test',
        scope: 'Namespaced',
        names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: thingSchema } }],
      },
    });
    watches = watched.map(watch);
    await until(() => kubernetes.openWatches === watched.length);
  });

  after(async () => {
    for (const { request } of watches) request.destroy();
    await kubernetes?.stop();
  });

  it('creates the objects without holding up the event loop for 100 ms', async () => {
    const stall = new StallMeter();
    for (let number = 0; number < things; number += 1) {
      const metadata = { name: `thing-${number}`, namespace: 'default' };
      create('example.test/v1', 'Thing', { metadata, spec: { content: 'x'.repeat(200) } });
      if (number % writesPerTurn === 0) await turn();
    }
    await until(() => watches.slice(0, 2).every(({ events }) => events() === things));
    assert.ok(stall.end() < longestStallMs, `${Math.round(stall.worstMs)} ms`);
  });

  it('runs the pods of 50 Deployments without holding it up for 100 ms', async () => {
    const stall = new StallMeter();
    for (let number = 0; number < deployments; number += 1) {
      const labels = { app: `web-${number}` };
      const metadata = { name: `web-${number}`, namespace: 'default' };
      const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'one' }] } };
      create('v1', 'Service', { metadata, spec: { selector: labels, ports: [{ port: 80 }] } });
      create('apps/v1', 'Deployment', {
        metadata,
        spec: { replicas: podsEach, selector: { matchLabels: labels }, template },
      });
      if (number % writesPerTurn === 0) await turn();
    }
    const type = kubernetes.cluster.types.findKind('apps/v1', 'Deployment')!;
    const isDone = (object: KubeObject) => (object as Deployment).status?.availableReplicas === podsEach;
    await until(() => kubernetes.cluster.list(type).every(isDone));
    assert.ok(stall.end() < longestStallMs, `${Math.round(stall.worstMs)} ms`);
  });

  function create(
    apiVersion: string,
    kind: string,
    fields: Pick<KubeObject, 'metadata'> & Record<string, unknown>,
  ): void {
    const type = kubernetes.cluster.types.findKind(apiVersion, kind);
    assert.ok(type, `${kind} is served`);
    kubernetes.cluster.create(type, { apiVersion, kind, ...fields }, { manager: 'test' });
  }

  function watch(path: string): { request: ClientRequest; events: () => number } {
    const { url, token, caCertificate } = kubernetes;
    let lines = 0;
    const options = { ca: caCertificate, headers: { authorization: `Bearer ${token}` }, agent: false };
    const opened = request(`${url}${path}?watch=true`, options, (response) => {
      response.on('data', (bytes: Buffer) => {
        for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines += 1;
      });
      response.on('error', () => {});
    });
    // Destroyed at the end of the test.
    opened.on('error', () => {});
    opened.end();
    return { request: opened, events: () => lines };
  }
});

const thingSchema = {
  type: 'object',
  properties: { spec: { type: 'object', properties: { content: { type: 'string' } } } },
};

/** The longest turn of the event loop since it was made. */
class StallMeter {
  worstMs = 0;
  #lastMs = threadMs();
  #next: NodeJS.Immediate;

  constructor() {
    this.#next = setImmediate(() => this.#turn());
  }

  /** Returns the longest turn, in milliseconds. */
  end(): number {
    clearImmediate(this.#next);
    return this.worstMs;
  }

  #turn(): void {
    const nowMs = threadMs();
    this.worstMs = Math.max(this.worstMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    this.#next = setImmediate(() => this.#turn());
  }
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn();
}
