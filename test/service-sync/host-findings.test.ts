import assert from 'node:assert/strict';
import type { Host, Instance } from '../../operator/nacos/naming/naming-types.ts';
import { findingsOf, type OtherPublisher } from '../../operator/service-sync/host-findings.ts';
import { host } from './hosts.ts';

const at1 = host('10.0.0.1');
const other: OtherPublisher = { exportId: 'NacosService shop/other', rank: '0' };

interface Case {
  title: string;
  sent?: Instance[];
  hosts: Host[];
  isConfirmed?: boolean;
  by?: OtherPublisher;
  expected: string[];
}

const cases: Case[] = [
  { title: 'nothing in what stands there as it was sent', hosts: [at1], expected: [] },
  { title: 'nothing in what others have registered elsewhere', hosts: [at1, host('10.0.0.9', 'theirs')], expected: [] },
  { title: 'a ghost in what nothing asks for', hosts: [at1, host('10.0.0.2')], expected: ['ghost 10.0.0.2:80'] },
  {
    title: 'a ghost in what stands there twice',
    hosts: [at1, { ...at1, weight: 2 }],
    expected: ['ghost 10.0.0.1:80'],
  },
  {
    title: 'another export in what that publishes, and no ghost',
    hosts: [at1, host('10.0.0.2')],
    by: other,
    expected: ['shared 10.0.0.2:80'],
  },
  {
    title: 'a twin in the same address of somebody else',
    hosts: [at1, { ...host('10.0.0.1', null), clusterName: 'OTHER' }],
    expected: ['twin 10.0.0.1:80'],
  },
  {
    title: 'what was changed in Nacos: weight and metadata',
    hosts: [{ ...at1, weight: 9, metadata: { ...at1.metadata, v: '2' } }],
    expected: ['override 10.0.0.1:80 weight 1 9', 'override 10.0.0.1:80 metadata.v (none) 2'],
  },
  {
    title: 'a key that every object has by itself',
    hosts: [{ ...at1, metadata: { ...at1.metadata, constructor: '2' } }],
    expected: ['override 10.0.0.1:80 metadata.constructor (none) 2'],
  },
  {
    title: 'that it was taken offline in Nacos',
    hosts: [],
    expected: ['override 10.0.0.1:80 enabled true false'],
  },
  { title: 'nothing in what is not there yet', hosts: [], isConfirmed: false, expected: [] },
  {
    title: 'that it was put online in Nacos while it drains',
    sent: [{ ...at1, enabled: false }],
    hosts: [at1],
    expected: ['override 10.0.0.1:80 enabled false true'],
  },
  { title: 'nothing in what is disabled and not shown', sent: [{ ...at1, enabled: false }], hosts: [], expected: [] },
];

describe('the hosts that Nacos shows', () => {
  for (const { title, hosts, isConfirmed = true, sent = [at1], by, expected } of cases) {
    it(`tell ${title}`, () => {
      const found = findingsOf({ hosts, instances: sent, clusterId: 'c1', isConfirmed, publisherOf: () => by });
      const texts = found.map(({ kind, member, ...rest }) => {
        const override = 'field' in rest ? [rest.field, rest.sent, rest.shown] : [];
        return [kind, member, ...override].join(' ');
      });
      assert.deepEqual(texts, expected);
    });
  }
});
