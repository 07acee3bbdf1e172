import assert from 'node:assert/strict';
import type { NacosConfig } from '../../operator/api/resources.ts';
import { UNTOLD_MD5 } from '../../operator/config-sync/base/nacos-place.ts';
import {
  failureReport,
  readyVerdict,
  sessionStart,
  statusOf,
  suspendedReport,
  type SyncReport,
} from '../../operator/config-sync/report.ts';
import { BridgeError } from '../../operator/errors.ts';

const MD5 = 'a'.repeat(32);
const place = { id: 'here', namespaceId: '', servers: ['nacos:8848'] };
const base = { md5: MD5, place, isOurs: true };
const resource = {
  metadata: { name: 'app.yaml', namespace: 'ns', generation: 2 },
  spec: { content: 'a: 1' },
} as NacosConfig;
const inSync: SyncReport = {
  synced: { status: 'True', reason: 'InSync', message: 'equal' },
  drifted: { status: 'False', reason: 'NoDrift', message: 'none' },
  observedMd5: MD5,
  nacosMd5: MD5,
  base,
  wrote: true,
};

function conditions(status: NacosConfig['status']): Record<string, string> {
  return Object.fromEntries(
    (status?.conditions ?? []).map(({ type, status: value, reason }) => [type, `${value} ${reason}`]),
  );
}

describe('the status of a NacosConfig', () => {
  it('is Ready when everything that was asked for is done', () => {
    const status = statusOf(resource, inSync, 0);
    assert.deepEqual(conditions(status), { Ready: 'True InSync', Synced: 'True InSync', Drifted: 'False NoDrift' });
    assert.equal(status.dataId, 'app.yaml');
    assert.equal(status.source, 'Kubernetes');
    assert.equal(status.lastSyncTime, '1970-01-01T00:00:00Z');
  });

  it('is equal for an equal world, whatever the time', () => {
    const first = statusOf(resource, inSync, 0);
    assert.deepEqual(statusOf({ ...resource, status: first }, { ...inSync, wrote: false }, 99_000), first);
  });

  it('repeats in Ready the first thing that is wrong', () => {
    const mirrored = { status: 'False', reason: 'NotOwned', message: 'not ours' } as const;
    assert.equal(readyVerdict({ ...inSync, mirrored }).reason, 'NotOwned');
    const synced = { status: 'False', reason: 'Conflict', message: 'taken' } as const;
    assert.equal(readyVerdict({ ...inSync, synced, mirrored }).reason, 'Conflict');
  });

  it('keeps after a failure what was known before', () => {
    const was = { ...inSync, mirrorName: 'm', mirrorKinds: ['Secret'] as const };
    const before = { ...resource, status: statusOf(resource, was, 0) };
    const error = new BridgeError('INVALID_CONTENT', 'The content is not valid yaml: line 1, column 1: x');
    const status = statusOf(before, failureReport(before, error, base), 60_000);
    assert.deepEqual(conditions(status), {
      Ready: 'False InvalidContent',
      Synced: 'False InvalidContent',
      Drifted: 'Unknown InvalidContent',
    });
    assert.equal(status.syncedMd5, MD5);
    assert.deepEqual([status.mirrorName, status.mirrorKinds], ['m', ['Secret']]);
    assert.equal(status.nacosMd5, undefined);
    assert.deepEqual(status.syncedPlace, { id: 'here', namespaceId: undefined, servers: ['nacos:8848'] });
    assert.equal(status.lastSyncTime, '1970-01-01T00:00:00Z');
  });

  it('blames the mirror for a failure of a config that is declared in Nacos', () => {
    const mirror = {
      ...resource,
      spec: { group: 'g', mirror: { configMap: { name: 'm' } } },
    } as unknown as NacosConfig;
    const status = statusOf(mirror, failureReport(mirror, new BridgeError('NOT_OWNED', 'not ours'), undefined), 0);
    assert.deepEqual(conditions(status), { Ready: 'False NotOwned', Mirrored: 'False NotOwned' });
    assert.equal(status.source, 'Nacos');
  });

  it('tells no digest of what is in a Secret, and that there is a base', () => {
    const secretKeyRef = { name: 's', key: 'k', encoding: 'Text' as const };
    const secret = { ...resource, spec: { ...resource.spec, content: undefined, contentFrom: { secretKeyRef } } };
    const untold = { ...inSync, observedMd5: undefined, nacosMd5: undefined, base: { ...base, md5: UNTOLD_MD5 } };
    const status = statusOf(secret, untold, 0);
    assert.deepEqual([status.observedMd5, status.nacosMd5, status.syncedMd5], [undefined, undefined, undefined]);
    const start = sessionStart({ ...secret, status });
    assert.equal(start.base?.md5, UNTOLD_MD5);
    assert.equal(start.expectedMd5, undefined);
  });

  it('says of a suspended one that nothing is known', () => {
    const before = { ...resource, status: statusOf(resource, inSync, 0) };
    const status = statusOf(before, suspendedReport(before, base), 0);
    assert.deepEqual(conditions(status), { Ready: 'True Suspended', Synced: 'Unknown Suspended' });
    assert.equal(status.syncedMd5, MD5);
  });

  it('says so of the mirror of a suspended one, and of nothing that does not apply', () => {
    const mirror = config(mirrored);
    const suspended = statusOf(mirror, suspendedReport(mirror, undefined), 0);
    assert.deepEqual(conditions(suspended), { Ready: 'True Suspended', Mirrored: 'Unknown Suspended' });
  });
});

const inline = { content: 'text' };
const fromKey = { contentFrom: { configMapKeyRef: { name: 'source', key: 'text' } } };
const mirrored = { source: 'Nacos', mirror: { configMap: { name: 'm' } } };
const both = { source: 'Both', ...fromKey };

function config(spec: object, status?: NacosConfig['status']): NacosConfig {
  return { metadata: { name: 'a', namespace: 'ns' }, spec: { group: 'g', ...spec }, status } as NacosConfig;
}

describe('the start of a session', () => {
  const cases: { title: string; spec: object; status?: NacosConfig['status']; expectedMd5: string | undefined }[] = [
    { title: 'expects nothing in Nacos before the first time', spec: inline, expectedMd5: '' },
    { title: 'expects so of content in a ConfigMap, too', spec: fromKey, expectedMd5: '' },
    { title: 'cannot tell before the first time what Nacos declares', spec: mirrored, expectedMd5: undefined },
    { title: 'nor where both sides write', spec: both, expectedMd5: undefined },
    ...[inline, fromKey, mirrored, both].map((spec) => ({
      title: `expects what Nacos was seen to hold last: ${JSON.stringify(spec)}`,
      spec,
      status: { nacosMd5: 'seen' },
      expectedMd5: 'seen',
    })),
    {
      title: 'expects what was seen last rather than what both sides had',
      spec: inline,
      status: { nacosMd5: 'seen', syncedMd5: 'common' },
      expectedMd5: 'seen',
    },
    {
      title: 'cannot tell what was seen last to be gone',
      spec: inline,
      status: { syncedMd5: 'common' },
      expectedMd5: undefined,
    },
  ];
  for (const { title, spec, status, expectedMd5 } of cases) {
    it(title, () => {
      const start = sessionStart(config(spec, status));
      assert.equal(start.expectedMd5, expectedMd5);
      assert.equal(start.base?.md5, status?.syncedMd5);
    });
  }

  for (const [status, expected] of [
    ['True', 3],
    ['False', undefined],
  ] as const) {
    it(`knows metadata of ${expected ?? 'no'} generation in Nacos when Synced is ${status}`, () => {
      const condition = { type: 'Synced', status, reason: 'r', message: '', lastTransitionTime: '' };
      const resource = config(inline, { observedGeneration: 3, conditions: [condition] });
      assert.equal(sessionStart(resource).metadataGeneration, expected);
    });
  }
});
