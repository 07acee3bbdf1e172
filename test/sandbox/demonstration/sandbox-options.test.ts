import assert from 'node:assert/strict';
import { isBridgeError } from '../../../operator/errors.ts';
import { compileSandboxOptions, createSandboxCommand, type SandboxOptions } from '../../../sandbox/sandbox-options.ts';

type Environment = Record<string, string>;

function compile(line: string, environment: Environment = {}): SandboxOptions {
  const args = line === '' ? [] : line.split(' ');
  return compileSandboxOptions(createSandboxCommand().parse(args, { from: 'user' }), environment);
}

const good: [line: string, environment: Environment, expected: Partial<SandboxOptions>][] = [
  [
    '',
    {},
    { once: false, namespace: 'demo', kubernetesPort: 0, nacosPort: 0, metricsPort: 0, healthPort: 0, nacos: [] },
  ],
  ['--once', {}, { once: true }],
  ['', { NACOS_BRIDGE_ONCE: 'true' }, { once: true }],
  // The cluster of the person at the keyboard is used only when it is asked for.
  ['', { KUBECONFIG: '/home/a/.kube/config' }, { kubeconfig: undefined }],
  ['--kubeconfig /a', {}, { kubeconfig: '/a' }],
  [
    '--dir /a --namespace b --nacos-port 8848 --kubernetes-port 6443',
    {},
    { dir: '/a', namespace: 'b', nacosPort: 8848 },
  ],
  ['--nacos n:8848 --nacos-username u --nacos-password-file /p', {}, { nacosUsername: 'u', nacosPasswordFile: '/p' }],
  // Variables of `run` are no mistakes.
  ['', { NACOS_BRIDGE_CLUSTER_ID: 'a' }, { once: false }],
];

const bad: [line: string, environment: Environment, named: RegExp[]][] = [
  ['--nacos-username u --nacos n', {}, [/--nacos-username and --nacos-password-file must be given together/]],
  ['--nacos-username u --nacos-password-file /p', {}, [/--nacos must be given/]],
  ['--nacos n --nacos-port 1', {}, [/--nacos-port is of the embedded Nacos/]],
  ['--kubeconfig /a --kubernetes-port 1', {}, [/--kubernetes-port is of the embedded Kubernetes API/]],
  ['--nacos-port 65000', {}, [/--nacos-port: must be an integer from 0 to 64535/]],
  ['--nacos-port 8080 --metrics-port 8080', {}, [/--nacos-port and --metrics-port must differ, and both are '8080'/]],
  ['--nacos-port 8080 --health-port 9080', {}, [/--nacos-port \+ 1000 and --health-port must differ/]],
  ['--namespace A_b', {}, [/--namespace: must be the name of a namespace/]],
  ['--onse --dir', {}, [/--onse is not an option/, /--dir must have a value/]],
  ['', { NACOS_BRIDGE_ONSE: 'true' }, [/NACOS_BRIDGE_ONSE is not a variable/]],
];

describe('the options of the sandbox', () => {
  for (const [line, environment, expected] of good) {
    it(`are ${JSON.stringify(expected)} for '${line}' with ${JSON.stringify(environment)}`, () => {
      const options = compile(line, environment);
      for (const [key, value] of Object.entries(expected)) {
        assert.deepEqual(options[key as keyof SandboxOptions], value, key);
      }
      assert.ok(Object.isFrozen(options));
    });
  }

  for (const [line, environment, named] of bad) {
    it(`are refused for '${line}' with ${JSON.stringify(environment)}`, () => {
      assert.throws(
        () => compile(line, environment),
        (error: unknown) => isBridgeError(error, 'INVALID_OPTION') && named.every((part) => part.test(error.message)),
      );
    });
  }
});
