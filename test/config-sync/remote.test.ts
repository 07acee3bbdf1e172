import assert from 'node:assert/strict';
import type { DeclaringIntent } from '../../operator/config-sync/intent.ts';
import {
  metadataToPublish,
  ownershipMark,
  ownershipOf,
  toSend,
  type Ownership,
} from '../../operator/config-sync/remote.ts';

describe('the mark of ownership', () => {
  it('differs by cluster, namespace and name', () => {
    const marks = [
      ownershipMark('c', 'n', 'a'),
      ownershipMark('d', 'n', 'a'),
      ownershipMark('c', 'm', 'a'),
      ownershipMark('c', 'n', 'b'),
      ownershipMark('c', 'na', ''),
    ];
    assert.equal(new Set(marks).size, marks.length);
    for (const mark of marks) assert.match(mark, /^nacos-bridge-[0-9a-f]{16}$/);
  });
});

describe('ownership', () => {
  const mark = 'nacos-bridge-0123456789abcdef';
  const remote = { tags: [] as string[], description: '', appName: '', type: 'yaml', srcUser: 'alice', srcIp: '' };
  const table: [string, Partial<typeof remote> | undefined, Ownership][] = [
    ['nothing is known', undefined, 'unknown'],
    ['a user as last writer', {}, 'foreign'],
    ['a last writer who gave no name', { srcUser: '' }, 'foreign'],
    ['us as last writer', { srcUser: mark }, 'ours'],
    ['another NacosConfig as last writer', { srcUser: 'nacos-bridge-fedcba9876543210' }, 'other-bridge'],
    ['a tag that looks like a mark', { tags: ['nacos-bridge-fedcba9876543210'] }, 'foreign'],
  ];
  for (const [title, metadata, expected] of table) {
    it(`is ${expected} with ${title}`, () => {
      assert.equal(ownershipOf(metadata && { ...remote, ...metadata }, mark), expected);
    });
  }
});

describe('the type that a publish gives', () => {
  const remote = { tags: [], description: '', appName: '', type: 'yaml', srcUser: '', srcIp: '' };
  const cases: { title: string; dataId: string; declared?: 'json'; type: string | undefined; expected: string }[] = [
    { title: 'is the declared one', dataId: 'app', declared: 'json', type: 'yaml', expected: 'json' },
    { title: 'is that of the extension', dataId: 'app.properties', type: 'yaml', expected: 'properties' },
    { title: 'stays what Nacos has when neither tells', dataId: 'order-service', type: 'yaml', expected: 'yaml' },
    { title: 'is text when nobody tells', dataId: 'order-service', type: undefined, expected: 'text' },
    { title: 'is text when Nacos has none either', dataId: 'constructor.toString', type: '', expected: 'text' },
  ];
  for (const { dataId, declared, expected, title, type } of cases) {
    it(title, () => {
      const format = declared ?? (dataId.endsWith('properties') ? 'properties' : 'text');
      const intent = { address: { dataId }, declaresFormat: declared !== undefined, format } as DeclaringIntent;
      assert.equal(metadataToPublish(intent, type === undefined ? undefined : { ...remote, type }, 'm').type, expected);
    });
  }
});

describe('what a publish names', () => {
  const mark = 'nacos-bridge-0123456789abcdef';
  const held = { tags: ['a', 'b'], description: 'd', appName: 'shop', type: 'text', srcUser: mark, srcIp: '' };
  const named = (declared: Pick<DeclaringIntent, 'appName' | 'tags'>) => {
    const intent = { address: { dataId: 'app' }, format: 'text', ...declared } as DeclaringIntent;
    const { appName, description, tags } = toSend(intent, metadataToPublish(intent, held, mark));
    return { appName, description, tags };
  };

  it('is all that is declared, though Nacos was read to hold just that: somebody may be taking it over', () => {
    const expected = { appName: 'shop', description: 'd', tags: ['b', 'a'] };
    assert.deepEqual(named({ appName: 'shop', tags: ['b', 'a'] }), expected);
    assert.deepEqual(named({ appName: '', tags: [] }), { appName: '', description: 'd', tags: [] });
  });

  it('is no tag and no appName that is not declared, so that they stay', () => {
    const expected = { appName: undefined, description: 'd', tags: undefined };
    assert.deepEqual(named({ appName: undefined, tags: undefined }), expected);
  });
});
