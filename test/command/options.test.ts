import assert from 'node:assert/strict';
import { isBridgeError } from '../../operator/errors.ts';
import { diffCommand, exportCommand, itemsCommand, validateCommand } from '../../operator/options/commands.ts';

const commands = { validate: validateCommand, diff: diffCommand, export: exportCommand, items: itemsCommand };

function compile(name: keyof typeof commands, line: string, environment: Record<string, string> = {}): object {
  const { compile, create } = commands[name];
  return compile(create().parse(line.split(' ').filter(Boolean), { from: 'user' }), environment);
}

const good: [command: keyof typeof commands, line: string, expected: object][] = [
  ['validate', 'a.yaml dir -', { files: ['a.yaml', 'dir', '-'], namespace: 'default' }],
  ['validate', '--namespace shop a.yaml', { files: ['a.yaml'], namespace: 'shop', output: 'text', strict: false }],
  ['validate', '-n shop -o json --strict -', { files: ['-'], namespace: 'shop', output: 'json', strict: true }],
  ['diff', '--strict a.yaml -o=json', { files: ['a.yaml'], strict: true }],
  ['export', '--nacos n --output out --prune', { output: 'out', prune: true }],
  ['diff', 'a.yaml --kubeconfig=/k', { files: ['a.yaml'], kubeconfig: '/k', clusterId: undefined, nacos: [] }],
  ['export', '--nacos n', { group: '*', dataId: '*', source: 'Kubernetes', namespace: undefined, output: undefined }],
  ['items', 'settings -n shop -o json --state conflict', { sync: 'settings', output: 'json', state: 'conflict' }],
  ['export', '--nacos n --group a* --data-id b:c', { group: 'a*', dataId: 'b:c' }],
];

const bad: [command: keyof typeof commands, line: string, problem: string][] = [
  ['validate', '', 'FILE|DIR|-... must be given; see --help'],
  ['validate', '--strict=false a.yaml', '--strict takes no value'],
  ['validate', '--kubeconfig k a.yaml', '--kubeconfig is not an option; see --help'],
  ['validate', '-x a.yaml', '-x is not an option; see --help'],
  ['validate', '-o yaml a.yaml', "--output: must be one of text, json, not 'yaml'"],
  ['diff', '--kubconfig k a.yaml', '--kubconfig is not an option; did you mean --kubeconfig?'],
  ['export', '--nacos n --prune', '--output must be given when --prune is'],
  ['export', '--nacos n --output json', "--output: must be a folder; one of that name is ./text or ./json, not 'json'"],
  ['validate', '--odd a.yaml', '--odd is not an option; see --help'],
  ['diff', '--nacos n', 'FILE|DIR|-... must be given; see --help'],
  ['diff', '--nacos-allow [] a', '--nacos must be given when --nacos-allow is'],
  [
    'diff',
    '--nacos n --nacos-allow [{"allowedNamespaces":{"selector":{}}}] a',
    '--kubeconfig must be given when --nacos-allow selects namespaces by labels',
  ],
  ['diff', '--nacos-namespace dev a', '--nacos must be given when other options of the default connection are'],
  ['items', '', 'SYNC must be given; see --help'],
  ['items', 'a b', "SYNC must be one name, not 2: 'a', 'b'"],
  ['items', 'A', "SYNC: must be 1 to 253 lower-case letters, digits, and the characters - ., not 'A'"],
  [
    'items',
    'a --state=bad',
    "--state: must be one of synced, pending, conflict, failing, invalid, skipped, taken, not 'bad'",
  ],
  ['export', '', '--nacos must be given: HOST:PORT,...'],
  ['export', '--nacos n a.yaml', "'a.yaml' is not an option; options begin with '--'"],
  ['export', '--nacos n --source Git', "--source: must be one of Kubernetes, Nacos, Both, not 'Git'"],
  ['export', '--nacos n --nacos-username u', '--nacos-username and --nacos-password-file must be given together'],
];

describe('options of validate, diff, export and items', () => {
  for (const [command, line, expected] of good) {
    it(`${command} ${line} is right`, () => {
      const options = compile(command, line);
      assert.deepEqual({ ...options, ...expected }, { ...options });
    });
  }

  for (const [command, line, problem] of bad) {
    it(`${command} ${line} is refused`, () => {
      const isRefusal = (error: unknown) => isBridgeError(error, 'INVALID_OPTION') && error.message === problem;
      assert.throws(() => compile(command, line), isRefusal);
    });
  }

  it('without a value come from the environment as true or false', () => {
    const { strict } = compile('validate', 'a', { NACOS_BRIDGE_STRICT: 'true' }) as Record<string, unknown>;
    assert.equal(strict, true);
  });

  it('come from the environment, but for the cluster of kubectl, which diff asks only when told', () => {
    const environment = { KUBECONFIG: '/k', NACOS_BRIDGE_NACOS_NAMESPACE: 'dev', NACOS_BRIDGE_NACOS: 'n' };
    const { kubeconfig, nacosNamespace } = compile('diff', 'a', environment) as Record<string, unknown>;
    assert.deepEqual([kubeconfig, nacosNamespace], [undefined, 'dev']);
  });
});
