/** What the chart does so that a replica stays: rolling updates, disruption budget, placement, grace. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { binary } from '../testbed/parts.ts';

const chart = join(import.meta.dirname, '../../charts/nacos-bridge');

interface Manifest {
  readonly kind: string;
  readonly spec: {
    readonly replicas?: number;
    readonly strategy?: object;
    readonly minAvailable?: number;
    readonly template?: { readonly spec: { readonly topologySpreadConstraints?: readonly Spread[] } };
  };
}

interface Spread {
  readonly topologyKey: string;
  readonly whenUnsatisfiable: string;
}

describe('The chart for several replicas', function () {
  this.timeout(30_000);

  it('runs two, and takes none away before its successor is Ready', async () => {
    const { replicas, strategy } = (await one('Deployment')).spec;
    assert.equal(replicas, 2);
    assert.deepEqual(strategy, { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } });
  });

  it('never runs two without a Lease', async () => {
    const { strategy } = (await one('Deployment', 'leaderElection.enabled=false', 'replicaCount=1')).spec;
    assert.deepEqual(strategy, { type: 'Recreate' });
  });

  it('keeps one when nodes are drained, and does not hold up a drain with one replica', async () => {
    assert.equal((await one('PodDisruptionBudget')).spec.minAvailable, 1);
    assert.deepEqual(await all('PodDisruptionBudget', 'replicaCount=1'), []);
    assert.deepEqual(await all('PodDisruptionBudget', 'podDisruptionBudget.enabled=false'), []);
  });

  it('spreads them over nodes and zones where it can', async () => {
    const { topologySpreadConstraints = [] } = (await one('Deployment')).spec.template?.spec ?? {};
    const spreads = topologySpreadConstraints.map(({ topologyKey, whenUnsatisfiable }) => [
      topologyKey,
      whenUnsatisfiable,
    ]);
    assert.deepEqual(spreads, [
      ['topology.kubernetes.io/zone', 'ScheduleAnyway'],
      ['kubernetes.io/hostname', 'ScheduleAnyway'],
    ]);
  });

  it('leaves the placement to those who set it', async () => {
    const own = ['topologySpreadConstraints[0].topologyKey=rack', 'topologySpreadConstraints[0].maxSkew=1'];
    const { topologySpreadConstraints = [] } = (await one('Deployment', ...own)).spec.template?.spec ?? {};
    assert.deepEqual(topologySpreadConstraints, [{ topologyKey: 'rack', maxSkew: 1 }]);
  });
});

async function one(kind: string, ...set: string[]): Promise<Manifest> {
  const [manifest, ...more] = await all(kind, ...set);
  assert.ok(manifest && more.length === 0, `there must be one ${kind}`);
  return manifest;
}

async function all(kind: string, ...set: string[]): Promise<Manifest[]> {
  const options = set.flatMap((value) => ['--set', value]);
  const { stdout } = await promisify(execFile)(binary('helm'), ['template', 'nacos-bridge', chart, ...options], {
    maxBuffer: 16 * 1024 * 1024,
  });
  const manifests = parseAllDocuments(stdout).map((document) => document.toJS() as Manifest | null);
  return manifests.filter((manifest) => manifest !== null).filter((manifest) => manifest.kind === kind);
}
