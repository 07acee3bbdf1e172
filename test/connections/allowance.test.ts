import assert from 'node:assert/strict';
import { Allowance, matchesPattern, type AllowRule } from '../../operator/connections/allowance.ts';
import { isBridgeError } from '../../operator/errors.ts';

const labels: Record<string, Record<string, string>> = { 'team-a': { tier: 'gold' }, 'team-b': {} };

function allowanceOf(rules: readonly AllowRule[] | undefined): Allowance {
  return new Allowance({ title: 'The default connection', rules, labelsOf: (namespace) => labels[namespace] });
}

const config = { namespaceId: '', group: 'team-a.app', dataId: 'app.yaml' };
const own: AllowRule = { allowedNamespaces: { names: ['team-*'] }, groups: ['{namespace}.*', '{namespace}'] };

function refusal(ask: () => void): string | undefined {
  try {
    ask();
    return undefined;
  } catch (error) {
    assert.ok(isBridgeError(error, 'NOT_ALLOWED'));
    return error.message;
  }
}

interface Case {
  title: string;
  rules: readonly AllowRule[] | undefined;
  namespace?: string;
  asked?: Partial<typeof config>;
  /** In the message; undefined where it is allowed. */
  refused?: RegExp;
}

const cases: readonly Case[] = [
  { title: 'everything without rules', rules: undefined, asked: { group: 'whatever' } },
  { title: 'nothing with an empty list', rules: [], refused: /does not allow namespace 'team-a' to use it/ },
  { title: 'a group of the namespace itself', rules: [own] },
  {
    title: 'no group of another namespace',
    rules: [own],
    namespace: 'team-b',
    refused:
      /^The default connection does not allow the group 'team-a\.app' to namespace 'team-b': `allow\.groups` is '\{namespace\}\.\*', '\{namespace\}'$/,
  },
  { title: 'no group in another case', rules: [own], asked: { group: 'TEAM-A.app' }, refused: /'TEAM-A\.app'/ },
  { title: 'no group that begins alike', rules: [own], asked: { group: 'team-ab.app' }, refused: /'team-ab\.app'/ },
  { title: 'no blank group, which is DEFAULT_GROUP', rules: [own], asked: { group: ' ' }, refused: /'DEFAULT_GROUP'/ },
  { title: 'a blank group where DEFAULT_GROUP is', rules: [{ groups: ['DEFAULT_GROUP'] }], asked: { group: '' } },
  { title: 'no namespace that no rule means', rules: [own], namespace: 'other', refused: /namespace 'other'/ },
  {
    title: 'a namespace by its labels',
    rules: [{ allowedNamespaces: { selector: { matchLabels: { tier: 'gold' } } } }],
  },
  {
    title: 'no namespace with other labels',
    rules: [{ allowedNamespaces: { selector: { matchLabels: { tier: 'gold' } } } }],
    namespace: 'team-b',
    refused: /namespace 'team-b'/,
  },
  {
    title: 'no namespace whose labels are not known, whatever the selector',
    rules: [{ allowedNamespaces: { selector: { matchExpressions: [{ key: 'x', operator: 'DoesNotExist' }] } } }],
    namespace: 'unseen',
    refused: /namespace 'unseen'/,
  },
  { title: 'what one of several rules allows', rules: [{ groups: ['other'] }, own] },
  {
    title: 'nothing that one rule allows by half, and another one by the other half',
    rules: [{ groups: ['x'] }, { groups: ['team-a.app'], dataIds: ['other'] }],
    refused: /the group 'team-a\.app'/,
  },
  { title: 'the public namespace as `public`', rules: [{ namespaceIds: ['public'] }] },
  {
    title: 'no public namespace where another one is allowed',
    rules: [{ namespaceIds: ['dev'] }],
    refused: /the Nacos namespace 'public'/,
  },
  {
    title: 'no Nacos namespace in another case',
    rules: [{ namespaceIds: ['public'] }],
    asked: { namespaceId: 'PUBLIC' },
    refused: /'PUBLIC'/,
  },
  { title: 'no dataId in another case', rules: [{ dataIds: ['App*'] }], refused: /the dataId 'app\.yaml'/ },
];

describe('an allowance', () => {
  for (const { asked, namespace = 'team-a', refused, rules, title } of cases) {
    it(`allows ${title}`, () => {
      const message = refusal(() => allowanceOf(rules).checkConfig(namespace, { ...config, ...asked }));
      if (refused) assert.match(message ?? 'allowed', refused);
      else assert.equal(message, undefined);
    });
  }

  it('asks nothing of dataIds about services, and the other way round', () => {
    const rules = [{ dataIds: ['a'], services: ['{namespace}-*'] }];
    const service = { namespaceId: '', group: 'g', serviceName: 'team-a-orders' };
    assert.equal(
      refusal(() => allowanceOf(rules).checkService('team-a', service)),
      undefined,
    );
    assert.match(
      refusal(() => allowanceOf(rules).checkService('team-b', service)) ?? '',
      /the service 'team-a-orders'/,
    );
    assert.equal(
      refusal(() => allowanceOf(rules).checkConfig('team-a', { ...config, dataId: 'a' })),
      undefined,
    );
  });

  it('is another one when rules, their meaning or the confirmation are', () => {
    const id = (options: Partial<ConstructorParameters<typeof Allowance>[0]>) =>
      new Allowance({ title: '', rules: [own], ...options }).id;
    assert.equal(id({}), id({}));
    const others = [
      id({}),
      id({ rules: [] }),
      id({ rules: undefined }),
      id({ revision: 1 }),
      id({ isConfirmed: true }),
    ];
    assert.equal(new Set(others).size, 5);
  });
});

const patterns: readonly [pattern: string, name: string, isSo: boolean][] = [
  ['a', 'a', true],
  ['a', 'ab', false],
  ['*', '', true],
  ['a*', 'a', true],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['*b*', 'abc', true],
  ['a*b*c', 'a1b2c', true],
  ['a*b*c', 'acb', false],
  ['a*bc*c', 'abc', false],
  ['a.c', 'abc', false],
];

describe('a pattern', () => {
  for (const [pattern, name, isSo] of patterns) {
    it(`'${pattern}' ${isSo ? 'means' : 'does not mean'} '${name}'`, () => {
      assert.equal(matchesPattern(pattern, name), isSo);
    });
  }
});
