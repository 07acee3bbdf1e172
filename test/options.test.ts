import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { isBridgeError } from '../operator/errors.ts';
import { renderOptionsMarkdown, runCommand } from '../operator/options/commands.ts';
import type { RunOptions } from '../operator/options/run-options.ts';

type Environment = Record<string, string>;

/** `line` is split at blanks. */
function compile(line: string, environment: Environment = {}): RunOptions {
  const args = line === '' ? [] : line.split(' ');
  return runCommand.compile(runCommand.create().parse(args, { from: 'user' }), environment);
}

function problemsOf(line: string, environment: Environment = {}): string[] {
  try {
    compile(line, environment);
  } catch (error) {
    assert.ok(isBridgeError(error, 'INVALID_OPTION'));
    return error.message.split('\n');
  }
  return [];
}

const nacos = (host: string, port: number) => ({
  scheme: 'http',
  host,
  port,
  contextPath: '/nacos',
  grpcPort: port + 1000,
});

const good: [line: string, environment: Environment, expected: Partial<RunOptions>][] = [
  ['--kubeconfig /a', { KUBECONFIG: '/c', NACOS_BRIDGE_KUBECONFIG: '/b' }, { kubeconfig: '/a' }],
  ['', { KUBECONFIG: '/c', NACOS_BRIDGE_KUBECONFIG: '/b' }, { kubeconfig: '/b' }],
  ['', { KUBECONFIG: '/c:/d' }, { kubeconfig: '/c:/d' }],
  ['', { KUBECONFIG: '', NACOS_BRIDGE_KUBECONFIG: '' }, { kubeconfig: undefined }],
  ['--metrics-port 9000', { NACOS_BRIDGE_METRICS_PORT: '9001' }, { metricsPort: 9000 }],
  ['', { NACOS_BRIDGE_METRICS_PORT: '9001' }, { metricsPort: 9001 }],
  ['--metrics-port=0 --health-port=0', {}, { metricsPort: 0, healthPort: 0 }],
  ['--watch-namespaces a,b-1', {}, { watchNamespaces: ['a', 'b-1'] }],
  ['--nacos n1:8848,n2:8858', {}, { nacos: [nacos('n1', 8848), nacos('n2', 8858)] as RunOptions['nacos'] }],
  ['--nacos [::1]:8848', {}, { nacos: [nacos('::1', 8848)] as RunOptions['nacos'] }],
  [
    '--nacos n:8848 --nacos-namespace dev --nacos-username u --nacos-password-file /p',
    {},
    { nacosNamespace: 'dev', nacosUsername: 'u', nacosPasswordFile: '/p' },
  ],
  [
    '--nacos n:8848 --nacos-allow [{"allowedNamespaces":{"names":["team-*"]},"groups":["{namespace}.*"]}]',
    {},
    { nacosAllow: [{ allowedNamespaces: { names: ['team-*'] }, groups: ['{namespace}.*'] }] },
  ],
  [
    '--nacos n:8848',
    {
      NACOS_BRIDGE_NACOS_ALLOW:
        '[{"allowedNamespaces":{"selector":{"matchLabels":{"a":"b"},"matchExpressions":[{"key":"c","operator":"Exists"}]}}}]',
    },
    {
      nacosAllow: [
        {
          allowedNamespaces: {
            selector: { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'c', operator: 'Exists' }] },
          },
        },
      ],
    },
  ],
  ['--leader-elect false', {}, { leaderElect: false }],
  ['--leader-elect', { NACOS_BRIDGE_LEADER_ELECT: 'false' }, { leaderElect: true }],
  ['--services=false', {}, { services: false }],
  ['--services', { NACOS_BRIDGE_SERVICES: 'false' }, { services: true }],
  ['', { NACOS_BRIDGE_SERVICES: 'false' }, { services: false }],
  // A Service named nacos-bridge-services must not switch anything.
  ['', { NACOS_BRIDGE_SERVICES_SERVICE_HOST: '10.0.0.1' }, { services: true }],
  ['--leader-elect --log-level debug', {}, { leaderElect: true, logLevel: 'debug' }],
  ['--bind-address ::1', {}, { bindAddress: '::1' }],
  ['--cluster-id prod.eu_1', {}, { clusterId: 'prod.eu_1' }],
  [
    '--log-format text --log-dir /logs --log-rotate-seconds 3600 --log-max-files 3',
    {},
    { logFormat: 'text', logDir: '/logs', logRotateSeconds: 3600, logMaxFiles: 3 },
  ],
  // What Kubernetes adds for Services named nacos-bridge and nacos-bridge-metrics is not ours.
  [
    '',
    {
      NACOS_BRIDGE_SERVICE_HOST: '10.0.0.1',
      NACOS_BRIDGE_SERVICE_PORT: '8080',
      NACOS_BRIDGE_SERVICE_PORT_METRICS: '8080',
      NACOS_BRIDGE_PORT: 'tcp://10.0.0.1:8080',
      NACOS_BRIDGE_PORT_8080_TCP: 'tcp://10.0.0.1:8080',
      NACOS_BRIDGE_PORT_8080_TCP_ADDR: '10.0.0.1',
      NACOS_BRIDGE_METRICS_SERVICE_HOST: '10.0.0.1',
      NACOS_BRIDGE_METRICS_PORT: 'tcp://10.0.0.1:8080',
    },
    { metricsPort: 8080 },
  ],
];

const bad: [line: string, environment: Environment, problems: string[]][] = [
  ['--metrics-port 80a', {}, ["--metrics-port: must be an integer from 0 to 65535, not '80a'"]],
  ['--metrics-port 65536', {}, ["--metrics-port: must be an integer from 0 to 65535, not '65536'"]],
  ['--metrics-port=-1', {}, ["--metrics-port: must be an integer from 0 to 65535, not '-1'"]],
  ['--metrics-port=', {}, ["--metrics-port: must be an integer from 0 to 65535, not ''"]],
  ['--metrics-port 1e3', {}, ["--metrics-port: must be an integer from 0 to 65535, not '1e3'"]],
  ['--metrics-port', {}, ['--metrics-port must have a value: --metrics-port PORT']],
  ['--metrics-port 8081', {}, ["--metrics-port and --health-port must differ, and both are '8081'"]],
  ['', { NACOS_BRIDGE_HEALTH_PORT: 'x' }, ["NACOS_BRIDGE_HEALTH_PORT: must be an integer from 0 to 65535, not 'x'"]],
  ['--nacos-allow [{}]', {}, ['--nacos must be given when --nacos-allow is']],
  ['--nacos n:1 --nacos-allow {}', {}, ['--nacos-allow: the value must be an array']],
  [
    '--nacos n:1 --nacos-allow [{"group":["a"]}]',
    {},
    [
      "--nacos-allow: [0] of the value has 'group', and may have allowedNamespaces, groups, namespaceIds, dataIds, services",
    ],
  ],
  [
    '--nacos n:1 --nacos-allow [{"allowedNamespaces":{}}]',
    {},
    ['--nacos-allow: allowedNamespaces of [0] of the value must have names or selector'],
  ],
  [
    '--nacos n:1 --nacos-allow [{"groups":[]}]',
    {},
    [
      "--nacos-allow: groups of [0] of the value must have patterns of printable characters, with '*' for any text and '{namespace}'",
    ],
  ],
  [
    '--nacos n:1 --nacos-allow [{"groups":["{name}"]}]',
    {},
    [
      "--nacos-allow: groups of [0] of the value must have patterns of printable characters, with '*' for any text and '{namespace}', not '{name}'",
    ],
  ],
  ['--bind-address localhost', {}, ["--bind-address: must be an IPv4 or IPv6 address, not 'localhost'"]],
  ['--leader-elect yes', {}, ["--leader-elect: must be one of true, false, not 'yes'"]],
  ['--services no', {}, ["--services: must be one of true, false, not 'no'"]],
  ['', { NACOS_BRIDGE_SERVICES: '1' }, ["NACOS_BRIDGE_SERVICES: must be one of true, false, not '1'"]],
  ['--log-level loud', {}, ["--log-level: must be one of debug, info, warn, error, not 'loud'"]],
  ['--log-rotate-seconds 59', {}, ["--log-rotate-seconds: must be an integer from 60 to 86400, not '59'"]],
  [
    '--log-rotate-seconds 90',
    {},
    ["--log-rotate-seconds: must be a multiple of 60 up to 3600, or of 3600 up to 86400, not '90'"],
  ],
  [
    '--log-rotate-seconds 5400',
    {},
    ["--log-rotate-seconds: must be a multiple of 60 up to 3600, or of 3600 up to 86400, not '5400'"],
  ],
  ['--log-max-files 0', {}, ["--log-max-files: must be an integer from 1 to 1000, not '0'"]],
  ['--reconcile-concurrency 0', {}, ["--reconcile-concurrency: must be an integer from 1 to 200, not '0'"]],
  ['--watch-namespaces a,B', {}, ["--watch-namespaces: must be the name of a namespace, not 'B'"]],
  ['--watch-namespaces a,', {}, ["--watch-namespaces: must be the name of a namespace, not ''"]],
  ['--watch-namespaces a,a', {}, ["--watch-namespaces: must be a list without repetition, not 'a,a'"]],
  ['--nacos a:b', {}, ["--nacos: the server address 'a:b' must be HOST[:PORT], with an IPv6 address in brackets"]],
  ['--nacos n:8848 --nacos-username u', {}, ['--nacos-username and --nacos-password-file must be given together']],
  ['--nacos-namespace dev', {}, ['--nacos must be given when other options of the default connection are']],
  ['--metric-port 1', {}, ['--metric-port is not an option; did you mean --metrics-port?']],
  ['--nacos-password=marker', {}, ['--nacos-password is not an option; did you mean --nacos-password-file?']],
  ['--nacos-password marker', {}, ['--nacos-password is not an option; did you mean --nacos-password-file?']],
  ['start', {}, ["'start' is not an option; options begin with '--'"]],
  [
    '',
    { NACOS_BRIDGE_NACOS_PASSWORD: 'marker' },
    ['NACOS_BRIDGE_NACOS_PASSWORD is not a variable of an option; did you mean NACOS_BRIDGE_NACOS_PASSWORD_FILE?'],
  ],
  [
    '--wrong --metrics-port x --nacos-username u',
    { NACOS_BRIDGE_ODD: '1', NACOS_BRIDGE_LOG_LEVEL: 'loud' },
    [
      '--wrong is not an option; see --help',
      'NACOS_BRIDGE_ODD is not a variable of an option; see --help',
      "--metrics-port: must be an integer from 0 to 65535, not 'x'",
      "NACOS_BRIDGE_LOG_LEVEL: must be one of debug, info, warn, error, not 'loud'",
      '--nacos-username and --nacos-password-file must be given together',
      '--nacos must be given when other options of the default connection are',
    ],
  ],
];

describe('options', () => {
  it('are complete and frozen without any flag or variable', () => {
    const options = compile('');
    const { identity, ...others } = options;
    assert.deepEqual(others, {
      kubeconfig: undefined,
      watchNamespaces: [],
      services: true,
      nacos: [],
      nacosAllow: undefined,
      nacosNamespace: '',
      nacosUsername: undefined,
      nacosPasswordFile: undefined,
      nacosPublicNamespace: 'Empty',
      nacosRequestTimeoutMs: 10_000,
      clusterId: undefined,
      podIp: undefined,
      podUid: undefined,
      leaderElect: true,
      leaseNamespace: undefined,
      leaseName: 'nacos-bridge',
      reconcileConcurrency: 20,
      metricsPort: 8080,
      healthPort: 8081,
      bindAddress: '0.0.0.0',
      logLevel: 'info',
      logFormat: 'json',
      logDir: undefined,
      logRotateSeconds: 86_400,
      logMaxFiles: 7,
    });
    assert.ok(identity.startsWith(`${hostname()}_`));
    assert.notEqual(identity, compile('').identity);
    assert.ok(Object.isFrozen(options));
    assert.ok(Object.isFrozen(compile('--watch-namespaces a').watchNamespaces));
  });

  for (const [line, environment, expected] of good) {
    it(`${line || 'no flag'} with ${JSON.stringify(environment)} is right`, () => {
      const options = compile(line, environment);
      for (const [key, value] of Object.entries(expected)) assert.deepEqual(options[key as keyof RunOptions], value);
    });
  }

  for (const [line, environment, problems] of bad) {
    it(`${line || 'no flag'} with ${JSON.stringify(environment)} is refused`, () => {
      assert.deepEqual(problemsOf(line, environment), problems);
    });
  }
});

describe('texts about options', () => {
  const flags = Object.keys(compile('')).map(
    (key) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  );

  it('help names every flag, in lines of at most 100 columns', () => {
    const help = runCommand.create().helpInformation();
    for (const flag of flags) assert.match(help, new RegExp(`^  ${flag} \\S`, 'm'));
    for (const line of help.split('\n')) assert.ok(line.length <= 100, line);
  });

  it('help tells the exit codes', () => {
    let help = '';
    const command = runCommand.create().configureOutput({ writeOut: (text) => (help += text) });
    command.outputHelp();
    assert.match(help, /\nExit codes:\n  0  .+\n  1  .+\n  2  a wrong option\n/);
  });

  it('documentation names every flag and variable in a row of as many cells as its head', () => {
    const markdown = renderOptionsMarkdown();
    for (const flag of flags) {
      const row = markdown.split('\n').find((line) => line.startsWith(`| \`${flag} `));
      assert.ok(row, flag);
      assert.equal(row.replaceAll('\\|', '').split('|').length, 6, row);
      assert.ok(row.includes(`\`NACOS_BRIDGE_${flag.slice(2).replaceAll('-', '_').toUpperCase()}\``));
    }
  });
});
