import assert from 'node:assert/strict';
import type { NacosConnection } from '../../operator/api/resources.ts';
import {
  connectionStatus,
  formerVerdict,
  terminatingVerdict,
  verdictsOf,
} from '../../operator/connections/connection-status.ts';
import { BridgeError } from '../../operator/errors.ts';
import { findCondition } from '../../operator/kube/conditions.ts';
import type { ClientState } from '../../operator/nacos/client-state.ts';

const server = { scheme: 'http', host: 'nacos', port: 8848, contextPath: '/nacos', grpcPort: 9848 } as const;
const connected: ClientState = {
  kind: 'connected',
  server,
  serverVersion: '3.1.0',
  capabilities: { persistentByGrpc: true, fuzzyWatch: true, adminApi: 'v3' },
  admin: { isServing: false },
  authenticated: true,
};
const refused = new BridgeError('NACOS_UNAUTHENTICATED', "Nacos refused the user 'u' or the password");
const away = new BridgeError('NACOS_UNREACHABLE', 'nacos:8848: ECONNREFUSED');

interface Case {
  title: string;
  state: ClientState;
  secretName?: string;
  /** `status reason` of Ready and Authenticated; undefined where nothing is known or there is no condition. */
  ready?: string;
  authenticated?: string;
}

const cases: Case[] = [
  { title: 'nothing while it is not started', state: { kind: 'idle' } },
  { title: 'nothing during the first attempt', state: { kind: 'connecting' } },
  {
    title: 'the cause of the last attempt',
    state: { kind: 'connecting', lastError: away },
    ready: 'False Unreachable',
  },
  { title: 'why it was lost', state: { kind: 'disconnected', error: away }, ready: 'False Unreachable' },
  {
    title: 'that logging in is unknown while nothing answers',
    state: { kind: 'disconnected', error: away },
    secretName: 'login',
    ready: 'False Unreachable',
    authenticated: 'Unknown Unreachable',
  },
  { title: 'that it is connected', state: connected, ready: 'True Connected' },
  {
    title: 'that it is connected and logged in',
    state: connected,
    secretName: 'login',
    ready: 'True Connected',
    authenticated: 'True LoggedIn',
  },
  {
    title: 'that the credentials are refused',
    state: { ...connected, authenticated: false, authError: refused },
    secretName: 'login',
    ready: 'False AuthenticationFailed',
    authenticated: 'False AuthenticationFailed',
  },
];

describe('connection status', () => {
  for (const { title, state, secretName, ready, authenticated } of cases) {
    it(`says ${title}`, () => {
      const verdicts = verdictsOf(state, secretName);
      assert.equal(verdicts && `${verdicts.ready.status} ${verdicts.ready.reason}`, ready);
      const auth = verdicts?.authenticated;
      assert.equal(auth && `${auth.status} ${auth.reason}`, authenticated);
    });
  }

  it('names the Secret whose credentials are refused', () => {
    const state: ClientState = { ...connected, authenticated: false, authError: refused };
    assert.match(verdictsOf(state, 'login')?.ready.message ?? '', /user 'u'.*Secret 'login'/);
    assert.match(verdictsOf(state, undefined)?.ready.message ?? '', /set `spec\.auth`/);
  });

  const adminCases: readonly [string, ClientState & { kind: 'connected' }, string | undefined, string, RegExp][] = [
    ['serves us', { ...connected, admin: { isServing: true } }, undefined, 'True Serving', /who wrote/],
    [
      'asks for a login',
      { ...connected, admin: { isServing: false, error: refused } },
      undefined,
      'False AuthenticationFailed',
      /set `spec\.auth`/,
    ],
    [
      'refuses the credentials',
      { ...connected, admin: { isServing: false, error: refused } },
      'login',
      'False AuthenticationFailed',
      /Secret 'login'/,
    ],
    [
      'lacks a right',
      { ...connected, admin: { isServing: false, error: new BridgeError('NACOS_FORBIDDEN', 'no right') } },
      'login',
      'False Forbidden',
      /no right; give the user of Secret 'login' the right/,
    ],
    [
      'is not there',
      { ...connected, admin: { isServing: false, error: new BridgeError('NACOS_UNSUPPORTED', 'no API') } },
      undefined,
      'False Unsupported',
      /`contextPath`/,
    ],
  ];
  for (const [what, state, secretName, verdict, message] of adminCases) {
    it(`says of an admin API that ${what} what there is to do, and is Ready all the same`, () => {
      const verdicts = verdictsOf(state, secretName);
      assert.equal(verdicts?.ready.status, 'True');
      assert.equal(`${verdicts.adminApi?.status} ${verdicts.adminApi?.reason}`, verdict);
      assert.match(verdicts.adminApi?.message ?? '', message);
    });
  }

  it('keeps what was seen of the admin API while nothing is asked of it', () => {
    const resource = { metadata: { name: 'main', generation: 1 } } as NacosConnection;
    const serving: ClientState = { ...connected, admin: { isServing: true } };
    const seen = connectionStatus(resource, verdictsOf(serving, undefined)!, serving, 1, 0);
    const restarted = connectionStatus(
      { ...resource, status: seen },
      verdictsOf(connected, undefined)!,
      connected,
      1,
      9_000,
    );
    assert.deepEqual(restarted, seen);
  });

  it('keeps what was known of a server that is away, but not that it is active', () => {
    const resource = { metadata: { name: 'main', generation: 3 } } as NacosConnection;
    const verdicts = verdictsOf(connected, undefined);
    assert(verdicts);
    const up = connectionStatus(resource, verdicts, connected, 7, 0);
    assert.equal(up.activeServer, 'nacos:8848');
    assert.equal(up.resources, 7);
    assert.equal(up.observedGeneration, 3);
    const lost: ClientState = { kind: 'disconnected', error: away };
    const lostVerdicts = verdictsOf(lost, undefined);
    assert(lostVerdicts);
    const down = connectionStatus({ ...resource, status: up }, lostVerdicts, lost, 7, 60_000);
    assert.equal(down.activeServer, undefined);
    assert.equal(down.serverVersion, '3.1.0');
    assert.deepEqual(down.capabilities, up.capabilities);
  });

  it('is equal for an equal world, so that it is not written again', () => {
    const resource = { metadata: { name: 'main', generation: 1 } } as NacosConnection;
    const verdicts = verdictsOf(connected, 'login');
    assert(verdicts);
    const first = connectionStatus(resource, verdicts, connected, 1, 0);
    assert.deepEqual(connectionStatus({ ...resource, status: first }, verdicts, connected, 1, 99_000), first);
  });

  it('says that replicas cannot relieve each other, and nothing of it when they can', () => {
    const resource = { metadata: { name: 'main', generation: 1 } } as NacosConnection;
    const verdicts = verdictsOf(connected, undefined);
    assert(verdicts);
    const relief = { status: 'False', reason: 'Forbidden', message: 'no right' } as const;
    const refused = connectionStatus(resource, { ...verdicts, relief }, connected, 1, 0);
    assert.deepEqual(
      refused.conditions?.map(({ type, status, reason }) => `${type} ${status} ${reason}`),
      ['Ready True Connected', 'Relief False Forbidden'],
    );
    const taken = connectionStatus({ ...resource, status: refused }, verdicts, connected, 1, 0);
    assert.deepEqual(
      taken.conditions?.map(({ type }) => type),
      ['Ready'],
    );
  });

  it('says that former settings are in use, since when, and what to do', async () => {
    const resource = { metadata: { name: 'main', generation: 1 } } as NacosConnection;
    const verdicts = verdictsOf(connected, undefined);
    assert(verdicts);
    const status = (services: number, nowMs: number, before = resource) =>
      connectionStatus(before, { ...verdicts, formerInUse: formerVerdict(services) }, connected, 1, nowMs);
    const first = status(3, 0);
    const later = status(2, 60_000, { ...resource, status: first });
    const condition = findCondition(later.conditions, 'FormerInUse');
    assert.equal(condition?.lastTransitionTime, '1970-01-01T00:00:00Z');
    assert.match(condition?.message ?? '', /2 services.*`spec\.servers`.*drop-former: "true"/);
    const over = status(0, 90_000, { ...resource, status: later });
    assert.equal(findCondition(over.conditions, 'FormerInUse'), undefined);
  });

  it('says of one that is deleted by how many it is used, and of others nothing', () => {
    const deleted = { metadata: { name: 'main', deletionTimestamp: 'now' } } as NacosConnection;
    assert.match(terminatingVerdict(deleted, 2)?.message ?? '', /2 resources name it.*force-finalize/);
    assert.match(terminatingVerdict(deleted, 1)?.message ?? '', /1 resource names it/);
    assert.equal(terminatingVerdict(deleted, 0), undefined);
    assert.equal(terminatingVerdict({ metadata: { name: 'main' } } as NacosConnection, 2), undefined);
  });
});
