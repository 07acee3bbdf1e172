import assert from 'node:assert/strict';
import { BridgeError } from '../../operator/errors.ts';
import type { Problem } from '../../operator/service-sync/desired.ts';
import type { Publication, PublishedRecord } from '../../operator/service-sync/publications.ts';
import { exportOfResource } from '../../operator/service-sync/service-export.ts';
import { serviceStatus, type ServiceFindings } from '../../operator/service-sync/status.ts';
import { nacosService } from './objects.ts';

const resource = nacosService();
const bySelector = nacosService({ source: { serviceSelector: { matchLabels: { app: 'x' } } } });

function publication(state: PublishedRecord['state'] = 'confirmed', problems: Problem[] = []): Publication {
  const address = {
    connection: '(default)',
    client: {} as PublishedRecord['address']['client'],
    service: { namespaceId: '', group: 'DEFAULT_GROUP', serviceName: 'orders' },
  };
  const counts = { total: 3, ready: 2, draining: 1, published: 3 };
  const record = { address, instances: [], counts, state };
  return { export: exportOfResource(resource), records: new Map([['orders', record]]), problems, isKnown: true };
}

function findings(publications: Publication[], more: Partial<ServiceFindings> = {}): ServiceFindings {
  const named = publications.map((one, index) => [`shop/orders${index || ''}`, one] as const);
  return { publications: named, held: 0, ghosts: 0, ...more };
}

const refused = new BridgeError('NACOS_FORBIDDEN', 'no right');
const problem = (member: string | undefined): Problem => ({
  member,
  field: 'metadata',
  message: 'has 2000 characters',
});

interface Case {
  title: string;
  resource?: typeof resource;
  findings: ServiceFindings;
  ready: string;
  published: string;
}

const cases: Case[] = [
  {
    title: 'published when all is confirmed',
    findings: findings([publication()]),
    ready: 'True Published',
    published: 'True Published',
  },
  {
    title: 'missing its Service',
    findings: findings([]),
    ready: 'False ReferenceMissing',
    published: 'False ReferenceMissing',
  },
  {
    title: 'fine with a selector that selects nothing',
    resource: bySelector,
    findings: findings([]),
    ready: 'True NothingSelected',
    published: 'True NothingSelected',
  },
  {
    title: 'refused by Nacos',
    findings: findings([publication(), publication({ failed: refused })]),
    ready: 'False Forbidden',
    published: 'False Forbidden',
  },
  {
    title: 'published but for a member',
    findings: findings([publication('confirmed', [problem('10.0.0.1:80')])]),
    ready: 'False Invalid',
    published: 'True Published',
  },
  {
    title: 'held by the guard',
    resource: bySelector,
    findings: findings([publication()], { held: 6 }),
    ready: 'False SelectorDropsTooMuch',
    published: 'True Published',
  },
];

describe('the status of a NacosService', () => {
  for (const { title, resource: of = resource, findings: found, ready, published } of cases) {
    it(`says that it is ${title}`, () => {
      const conditions = Object.fromEntries(
        (serviceStatus(of, found, 0)?.conditions ?? []).map(({ type, status, reason }) => [
          type,
          `${status} ${reason}`,
        ]),
      );
      assert.equal(conditions['Ready'], ready);
      assert.equal(conditions['Published'], published);
      assert.equal(conditions['DeletionGuard'], found.held > 0 ? 'True SelectorDropsTooMuch' : undefined);
    });
  }

  it('concludes nothing while a record waits for its confirmation', () => {
    assert.equal(serviceStatus(resource, findings([publication(), publication('pending')]), 0), undefined);
  });

  it('adds up the members of all services', () => {
    const status = serviceStatus(bySelector, findings([publication(), publication()], { ghosts: 1 }), 0);
    assert.deepEqual(status?.instances, { total: 6, ready: 4, draining: 2, published: 6 });
    assert.equal(status.services, 2);
    assert.equal(status.ghosts, 1);
  });

  it('lists the worst ten problems, those of whole services first, and counts the rest', () => {
    const members = Array.from({ length: 12 }, (_, index) => problem(`10.0.0.${index}:80`));
    const status = serviceStatus(resource, findings([publication('confirmed', [...members, problem(undefined)])]), 0);
    assert.equal(status?.problems?.length, 10);
    assert.equal(status.problems[0]?.member, undefined);
    assert.match(status.conditions?.[0]?.message ?? '', /orders: `metadata` has 2000 characters, and 12 more problems/);
  });

  it('is equal for an equal world, whatever the time', () => {
    const found = findings([publication()]);
    const first = serviceStatus(resource, found, 0);
    assert.deepEqual(serviceStatus({ ...resource, status: first }, found, 99_000), first);
  });
});
