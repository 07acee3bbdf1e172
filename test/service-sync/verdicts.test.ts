import assert from 'node:assert/strict';
import { BridgeError } from '../../operator/errors.ts';
import type { HostFinding } from '../../operator/service-sync/host-findings.ts';
import type { Problem } from '../../operator/service-sync/problem.ts';
import type { PublishedRecord } from '../../operator/service-sync/publications.ts';
import {
  judge,
  PENDING_TOLD_AFTER_MS,
  publishedRules,
  type ServiceFindings,
} from '../../operator/service-sync/verdicts.ts';
import { findings, publication } from './publication.ts';

const refused = new BridgeError('NACOS_FORBIDDEN', 'no right');
const persistent = new BridgeError('NACOS_INVALID', 'Current service orders is persistent service');
const notAllowed = new BridgeError('NOT_ALLOWED', 'The connection does not allow it');
const missing = new BridgeError('REFERENCE_MISSING', "NacosConnection 'x' does not exist");
const problem = (member?: string): Problem => ({
  ...(member ? { member } : {}),
  field: 'metadata',
  message: 'is long',
});
const shown = (finding: HostFinding) => ({ shown: [{ service: 'shop/orders', finding }] });
const twin: HostFinding = { kind: 'twin', member: '10.0.0.1:80' };
const override: HostFinding = { kind: 'override', member: '10.0.0.1:80', field: 'weight', sent: '1', shown: '9' };
const shared = (rank: string): HostFinding => {
  return { kind: 'shared', member: '10.0.0.9:80', by: { exportId: 'NacosService other/orders', rank } };
};
const pending = (sinceMs: number): Partial<PublishedRecord> => ({ state: 'pending', pendingSinceMs: sinceMs });
const nowMs = 100_000;

interface Case {
  title: string;
  findings: ServiceFindings;
  /** Reason and a part of the message; undefined where nothing is concluded. */
  ready: string | undefined;
  message?: RegExp;
  published?: string;
}

const cases: Case[] = [
  {
    title: 'all is confirmed',
    findings: findings([publication()]),
    ready: 'True Published',
    message: /2 instances under 'orders'/,
  },
  {
    title: 'the Service does not exist',
    findings: findings([], { named: 'orders', expected: 0 }),
    ready: 'False ReferenceMissing',
    message: /Service 'orders' does not exist/,
  },
  {
    title: 'the Service was not looked at yet',
    findings: findings([], { named: 'orders', expected: 1 }),
    ready: undefined,
  },
  { title: 'a selector selects nothing', findings: findings([]), ready: 'True NothingSelected' },
  {
    title: 'the connection does not exist',
    findings: findings([publication({ isKnown: false, failure: missing, problems: [problem()] })]),
    ready: 'False ReferenceMissing',
    message: /'x' does not exist; what is published stays/,
  },
  { title: 'pods are not listed yet', findings: findings([publication({ isKnown: false })]), ready: undefined },
  {
    title: 'there are no endpoints',
    findings: findings([publication({}, { instances: [], counts: { total: 0, ready: 0, draining: 0, published: 0 } })]),
    ready: 'True NoInstances',
    message: /there are no endpoints/,
  },
  {
    title: 'Nacos has refused one',
    findings: findings([publication(), publication({}, { state: { failed: refused } })]),
    ready: 'False Forbidden',
    message: /'orders' could not be published: no right/,
  },
  {
    title: 'a persistent service is in the way',
    findings: findings([publication({}, { state: { failed: persistent } })]),
    ready: 'False RefusedByNacos',
    message: /remove the persistent instances of that service in Nacos, then the service itself/,
  },
  { title: 'one waits since a moment', findings: findings([publication({}, pending(nowMs - 1000))]), ready: undefined },
  {
    title: 'one waits for long',
    findings: findings([publication(), publication({}, pending(nowMs - PENDING_TOLD_AFTER_MS))]),
    ready: 'False Pending',
    message: /^'orders': Nacos has not answered since 1970-01-01T00:01:35Z$/,
  },
  {
    title: 'a member is not as it was asked for',
    findings: findings([publication({ problems: [problem('10.0.0.1:80')] })]),
    ready: 'False Invalid',
    message: /^orders, 10\.0\.0\.1:80: `metadata` is long$/,
    published: 'True Published',
  },
  {
    title: 'an application registers itself, too',
    findings: findings([publication()], shown(twin)),
    ready: 'False SelfRegistered',
    message: /10\.0\.0\.1:80: `selfRegistered` .*register-enabled=false.*Yield/,
    published: 'True Published',
  },
  {
    title: 'an older export has hosts there',
    findings: findings([publication()], shown(shared('0'))),
    ready: 'False Invalid',
    message: /used for 10\.0\.0\.9:80, too, by NacosService other\/orders/,
    published: 'True Published',
  },
  {
    title: 'a younger export has hosts there',
    findings: findings([publication()], shown(shared('2'))),
    ready: 'True Published',
  },
  {
    title: 'a value was changed in Nacos',
    findings: findings([publication()], shown(override)),
    ready: 'True Published',
  },
  {
    title: 'the connection does not allow a name',
    findings: findings([publication(), publication({ refusal: { error: notAllowed, held: 0 } })]),
    ready: 'False NotAllowed',
    message: /^The connection does not allow it$/,
  },
  {
    title: 'names are published on that the connection does not allow any more',
    findings: findings([
      publication({ refusal: { error: notAllowed, held: 2 }, problems: [problem()] }),
      publication({ refusal: { error: notAllowed, held: 1 } }),
    ]),
    ready: 'False NoLongerAllowed',
    message: /^The connection does not allow it; more than half .* 3 of these are held: .*confirm-deletion/,
    published: 'True Published',
  },
  {
    title: 'the guard holds Services',
    findings: findings([publication()], { held: 6 }),
    ready: 'False SelectorDropsTooMuch',
    published: 'True Published',
  },
];

describe('the verdict on an export', () => {
  for (const { title, findings: found, ready, message = /./, published = ready } of cases) {
    it(`is ${ready ?? 'not made'} when ${title}`, () => {
      const verdicts = judge(found, nowMs);
      assert.equal(verdicts && `${verdicts.ready.status} ${verdicts.ready.reason}`, ready);
      assert.equal(verdicts && `${verdicts.published.status} ${verdicts.published.reason}`, published);
      if (verdicts) assert.match(verdicts.ready.message, message);
    });
  }

  it('has a case for each rule', () => {
    const reasons = new Set(cases.map(({ published, ready }) => published ?? ready));
    assert.ok(reasons.size > publishedRules.length - 1, [...reasons].join());
  });

  it('says what was changed in Nacos, and that it wins', () => {
    const verdicts = judge(findings([publication()], shown(override)), nowMs);
    assert.match(verdicts?.overridden?.message ?? '', /10\.0\.0\.1:80: `weight` is '9' in Nacos, and '1' was sent/);
  });

  it('names problems of whole services before those of members, and counts the rest', () => {
    const members = Array.from({ length: 12 }, (_, index) => problem(`10.0.0.${index}:80`));
    const verdicts = judge(findings([publication({ problems: [...members, problem()] })]), nowMs);
    assert.equal(verdicts?.problems[0]?.member, undefined);
    assert.match(verdicts?.ready.message ?? '', /^orders: `metadata` is long, and 12 more problems$/);
  });
});
