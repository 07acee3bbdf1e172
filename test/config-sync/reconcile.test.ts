import assert from 'node:assert/strict';
import type { NacosConfig } from '../../operator/api/resources.ts';
import { ConfigReconciler, type ConfigReconcilerOptions } from '../../operator/config-sync/reconcile.ts';
import { readyVerdict, type SyncReport } from '../../operator/config-sync/report.ts';
import { BridgeError } from '../../operator/errors.ts';
import { silentLogger } from '../../operator/logger.ts';

/** What is reported of a NacosConfig while its connection fails like this. */
async function reportOf(failure: Error, metadata: Partial<NacosConfig['metadata']> = {}, spec: object = {}) {
  const resource = {
    metadata: { name: 'app', namespace: 'ns', ...metadata },
    spec: { group: 'g', content: 'x', ...spec },
  };
  const reports: SyncReport[] = [];
  const fail = () => {
    throw failure;
  };
  const reconciler = new ConfigReconciler({
    clusterId: () => 'cluster',
    configs: { get: () => resource },
    claims: { heirOf: () => undefined },
    connections: { find: fail },
    sessions: { get: () => undefined },
    delivery: { finalize: async () => {} },
    reporter: { report: async (_: unknown, report: SyncReport) => void reports.push(report) },
  } as unknown as ConfigReconcilerOptions);
  const context = { log: silentLogger, reconcileId: '', signal: new AbortController().signal };
  const ended = await reconciler.reconcile('ns/app', context).then(
    (result) => ({ result, error: undefined }),
    (error: unknown) => ({ result: undefined, error }),
  );
  return { ...ended, ready: reports[0] && readyVerdict(reports[0]), reports: reports.length };
}

const deleted = { deletionTimestamp: 'now', finalizers: ['bridge.nacos.io/nacos'] };
const away = new BridgeError('CONNECTION_NOT_READY', 'connect ECONNREFUSED 127.0.0.1:8848');

describe('a reconcile that fails', () => {
  it('has a condition, also for a defect of the operator', async () => {
    const failure = new TypeError('x is not a function');
    const { error, ready } = await reportOf(failure);
    assert.equal(error, failure);
    assert.deepEqual([ready?.status, ready?.reason], ['False', 'InternalError']);
    assert.match(ready?.message ?? '', /defect of the operator: x is not a function/);
  });

  it('has none for a lost race, which is decided again', async () => {
    const { reports } = await reportOf(new BridgeError('NACOS_CAS_FAILED', 'changed'));
    assert.equal(reports, 0);
  });

  it('tells of a deletion that waits for what, where, and how to end that', async () => {
    const { ready } = await reportOf(away, deleted);
    assert.equal(ready?.reason, 'ConnectionNotReady');
    assert.match(ready?.message ?? '', /waits for Nacos.*'app' of group 'g'.*ECONNREFUSED.*force-finalize=true/);
  });

  it('looks again by itself at a deletion whose connection is missing: its namespace may go later', async () => {
    const missing = new BridgeError('REFERENCE_MISSING', "NacosConnection 'main' does not exist");
    const { ready, result } = await reportOf(missing, deleted);
    assert.deepEqual([result, ready?.reason], [{ requeueAfterMs: 60_000 }, 'ReferenceMissing']);
    const { error } = await reportOf(missing);
    assert.equal(error, missing, 'one that stays waits for the connection');
  });

  it('does not even begin with a deletion while the resource is suspended', async () => {
    const { error, ready } = await reportOf(away, deleted, { suspend: true });
    assert.equal(error, undefined);
    assert.deepEqual([ready?.status, ready?.reason], ['False', 'Suspended']);
  });
});
