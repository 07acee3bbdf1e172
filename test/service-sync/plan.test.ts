import assert from 'node:assert/strict';
import { unrestricted } from '../../operator/connections/allowance.ts';
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
import type { NameClaim } from '../../operator/service-sync/name-claims.ts';
import type { Publication, RecordAddress } from '../../operator/service-sync/publications.ts';
import { exportOfAnnotations } from '../../operator/service-sync/service-annotations.ts';
import { exportOfResource } from '../../operator/service-sync/service-export.ts';
import { endpoint, nacosService, service, slice } from './objects.ts';

const connected = new ConnectionDirectory();
const handle = {
  title: '',
  client: {},
  servers: ['nacos:8848'],
  namespaceId: 'dev',
  allowance: unrestricted,
} as unknown as ConnectionHandle;
connected.set(DEFAULT_CONNECTION, handle);

const twoPorts = service({
  ports: [
    { name: 'http', port: 80 },
    { name: 'grpc', port: 90 },
  ],
});
const bothPorts = [
  { name: 'http', port: 8080 },
  { name: 'grpc', port: 9090 },
];
const withPods = exportOfResource(nacosService({ podAnnotations: 'Use' }));
const plain = exportOfResource(nacosService());

function plan(rules = plain, changes: Partial<PlanInput> = {}): ExportPlan {
  return planExport(rules, {
    clusterId: 'c1',
    service: twoPorts,
    slices: [slice([endpoint('10.0.0.1')], { ports: bothPorts })],
    directory: connected,
    hasPods: () => true,
    pod: () => ({ metadata: { name: 'pod' } }),
    isSelfRegistered: () => false,
    isHeld: () => false,
    ...changes,
  });
}

const published = publicationOf(plan(), undefined, () => undefined);

/** Has the names that end so. */
function other(ending: string): (address: RecordAddress) => NameClaim | undefined {
  const claim = { rank: '0 another', exportId: 'NacosService shop/another', service: 'shop/another' };
  return (address) => (address.service.serviceName.endsWith(ending) ? { ...claim, address } : undefined);
}
const unusable = () => {
  const directory = new ConnectionDirectory();
  directory.fail(DEFAULT_CONNECTION, new BridgeError('REFERENCE_MISSING', 'Secret gone'));
  return directory;
};
const unlistable = () => {
  throw new BridgeError('KUBE_UNAVAILABLE', 'pods may not be listed');
};

interface Case {
  title: string;
  plan: ExportPlan;
  before?: Publication;
  winner?: Parameters<typeof publicationOf>[2];
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
    winner: other('grpc'),
    records: ['orders'],
    problems: ['serviceName'],
    isKnown: true,
  },
  {
    title: 'of two ports with one name the first',
    plan: plan(
      exportOfResource(nacosService({ ports: [{ name: 'http' }, { name: 'grpc', serviceName: '{service}' }] })),
    ),
    records: ['orders'],
    problems: ['serviceName'],
    isKnown: true,
  },
];

describe('the plan of an export', () => {
  for (const { title, plan, before, winner = () => undefined, records, problems, isKnown } of cases) {
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

  it('gives the first of two ports of one name its own backend', () => {
    const ports = [{ name: 'http' }, { name: 'grpc', serviceName: '{service}' }];
    const { wanted } = plan(exportOfResource(nacosService({ ports })));
    const places = [...wanted.values()].flatMap(({ record }) => record.instances.map(({ port }) => port));
    assert.deepEqual(places, [8080]);
  });

  it('claims the names of what was published while it is not known what is wanted', () => {
    const names = (claims: NameClaim[]) => claims.map(({ address }) => address.service.serviceName);
    assert.deepEqual(names(claimsOf([plan()], new Map())), ['orders', 'orders-grpc']);
    const unknown = plan(plain, { directory: unusable() });
    assert.deepEqual(names(claimsOf([unknown], new Map())), []);
    assert.deepEqual(names(claimsOf([unknown], new Map([[plain.id, published]]))), ['orders', 'orders-grpc']);
  });

  it('calls the connection of an annotated Service by its annotation', () => {
    const annotations = { 'bridge.nacos.io/export': 'true', 'bridge.nacos.io/connection': 'main' };
    const annotated = exportOfAnnotations(service({ annotations }));
    assert.ok(annotated);
    const { problems } = plan(annotated, { directory: new ConnectionDirectory() });
    assert.match(problems[0]?.message ?? '', /named by the annotation `bridge.nacos.io\/connection`, does not exist/);
  });
});
