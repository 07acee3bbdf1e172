import assert from 'node:assert/strict';
import { ConnectionDirectory, type ConnectionHandle } from '../../operator/connections/connection-directory.ts';
import { DEFAULT_CONNECTION } from '../../operator/connections/connection-key.ts';
import { BridgeError } from '../../operator/errors.ts';
import {
  claimsOf,
  planExport,
  publicationOf,
  type ExportPlan,
  type PlanInput,
} from '../../operator/service-sync/plan.ts';
import type { Publication } from '../../operator/service-sync/publications.ts';
import { exportOfResource, rankOf } from '../../operator/service-sync/service-export.ts';
import { endpoint, nacosService, service, slice } from './objects.ts';

const connected = new ConnectionDirectory();
connected.set(DEFAULT_CONNECTION, { title: '', client: {}, namespaceId: 'dev' } as unknown as ConnectionHandle);

const twoPorts = service({
  ports: [
    { name: 'http', port: 80 },
    { name: 'grpc', port: 90 },
  ],
});
const withPods = exportOfResource(nacosService({ podAnnotations: 'Use' }));
const plain = exportOfResource(nacosService());

function plan(rules = plain, changes: Partial<PlanInput> = {}): ExportPlan {
  return planExport(rules, {
    clusterId: 'c1',
    service: twoPorts,
    slices: [slice([endpoint('10.0.0.1')])],
    directory: connected,
    hasPods: () => true,
    pod: () => ({ metadata: { name: 'pod' } }),
    ...changes,
  });
}

const published = publicationOf(plan(), undefined, () => rankOf(plain));
const unlistable = () => {
  throw new BridgeError('KUBE_UNAVAILABLE', 'pods may not be listed');
};
const unusable = () => {
  const directory = new ConnectionDirectory();
  directory.fail(DEFAULT_CONNECTION, new BridgeError('REFERENCE_MISSING', 'Secret gone'));
  return directory;
};

interface Case {
  title: string;
  plan: ExportPlan;
  before?: Publication;
  winner?: (name: string) => string | undefined;
  /** Services in Nacos. */
  records: string[];
  problems: string[];
  isKnown: boolean;
}

const cases: Case[] = [
  { title: 'all that it wants', plan: plan(), records: ['orders', 'orders-grpc'], problems: [], isKnown: true },
  {
    title: 'nothing yet while its connection is missing',
    plan: plan(plain, { directory: new ConnectionDirectory() }),
    records: [],
    problems: ['connectionRef'],
    isKnown: true,
  },
  {
    title: 'nothing any more when its connection is gone',
    plan: plan(plain, { directory: new ConnectionDirectory() }),
    before: published,
    records: [],
    problems: ['connectionRef'],
    isKnown: true,
  },
  {
    title: 'what it did while its connection cannot be used',
    plan: plan(plain, { directory: unusable() }),
    before: published,
    records: ['orders', 'orders-grpc'],
    problems: ['connectionRef'],
    isKnown: false,
  },
  {
    title: 'what it did while pods that it needs cannot be listed',
    plan: plan(withPods, { hasPods: unlistable }),
    before: published,
    records: ['orders', 'orders-grpc'],
    problems: ['metadataFrom'],
    isKnown: false,
  },
  {
    title: 'what it did while pods that it needs are not listed yet',
    plan: plan(withPods, { hasPods: () => false }),
    before: published,
    records: ['orders', 'orders-grpc'],
    problems: [],
    isKnown: false,
  },
  {
    title: 'all that it wants where no pods are needed, whether they can be listed or not',
    plan: plan(plain, { hasPods: unlistable }),
    records: ['orders', 'orders-grpc'],
    problems: [],
    isKnown: true,
  },
  {
    title: 'no name that another export has',
    plan: plan(),
    winner: (name) => (name.endsWith('grpc') ? '0 another' : rankOf(plain)),
    records: ['orders'],
    problems: ['serviceName'],
    isKnown: true,
  },
];

describe('the plan of an export', () => {
  for (const { title, plan, before, winner = () => rankOf(plan.rules), records, problems, isKnown } of cases) {
    it(`publishes ${title}`, () => {
      const publication = publicationOf(plan, before, winner);
      const services = [...publication.records.values()].map(({ address }) => address.service.serviceName);
      assert.deepEqual(services, records);
      assert.deepEqual(
        publication.problems.map(({ field }) => field),
        problems,
      );
      assert.equal(publication.isKnown, isKnown);
    });
  }

  it('publishes in the Nacos namespace of its connection, or in its own', () => {
    const namespacesOf = ({ wanted }: ExportPlan) =>
      new Set([...wanted.values()].map(({ address }) => address.service.namespaceId));
    assert.deepEqual([...namespacesOf(plan())], ['dev']);
    const elsewhere = exportOfResource(nacosService({ namespaceId: 'public' }));
    assert.deepEqual([...namespacesOf(plan(elsewhere))], ['']);
  });

  it('claims each name once, for the export of the least rank, also while it is not known what that wants', () => {
    const older = exportOfResource(nacosService({}, { name: 'older', creationTimestamp: '2026-01-01T00:00:00Z' }));
    const younger = exportOfResource(nacosService({}, { name: 'younger', creationTimestamp: '2026-01-02T00:00:00Z' }));
    assert.deepEqual(new Set(claimsOf([plan(younger), plan(older)], new Map()).values()), new Set([rankOf(older)]));
    const unknown = plan(older, { directory: unusable() });
    const before = new Map([[older.id, { ...published, export: older }]]);
    assert.deepEqual(new Set(claimsOf([plan(younger), unknown], before).values()), new Set([rankOf(older)]));
  });
});
