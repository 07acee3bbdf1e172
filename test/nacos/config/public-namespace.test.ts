import assert from 'node:assert/strict';
import { publicTenant, type PublicNamespace } from '../../../operator/nacos/config/public-namespace.ts';

const cases: readonly [meant: PublicNamespace, version: string | undefined, tenant: '' | 'public'][] = [
  ['Empty', undefined, ''],
  ['Empty', '2.3.2', ''],
  ['Empty', '3.1.0', ''],
  ['Literal', undefined, 'public'],
  ['Literal', '1.4.6', 'public'],
  ['Literal', '2.3.2', 'public'],
  ['Literal', '2.4.3', 'public'],
  ['Literal', '2.5.1', ''],
  ['Literal', '3.0.0-ALPHA', ''],
  ['Literal', '10.0.0', ''],
];

describe('the public namespace in requests', () => {
  for (const [meant, version, tenant] of cases) {
    it(`is '${tenant}' to a server of version ${version} when ${meant} is meant`, () => {
      assert.equal(publicTenant(meant, version), tenant);
    });
  }
});
