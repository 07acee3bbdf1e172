/**
 * The operator as a pod runs it: what the image's build makes of this checkout, with the flags and the environment of the
 * image, and the log level of the chart. Run from its sources it needs more memory and starts later.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { podCommand } from '../operator-process.ts';
import type { OperatorImage, PodMounts } from '../operator-process.ts';
import type { RealWorld } from '../real/world.ts';

interface Kubeconfig {
  readonly users: readonly { readonly user: { readonly token: string } }[];
}

const root = join(import.meta.dirname, '../..');

/** Returns the main file. */
export async function buildProgram(): Promise<string> {
  await promisify(execFile)(process.execPath, [join(root, 'scripts/bundle.ts')]);
  return join(root, 'dist/operator/main.js');
}

/** With the rights of the operator that is installed in `world`, as its node would give them; else with a kubeconfig. */
export async function podImage(world?: RealWorld): Promise<OperatorImage> {
  const dockerfile = await readFile(join(root, 'Dockerfile'), 'utf8');
  const [, entryPoint = '[]'] = /^ENTRYPOINT (.*)$/m.exec(dockerfile) ?? [];
  const variables = [...dockerfile.matchAll(/^ENV (\w+)=(\S+)$/gm)].map(([, name, value]) => [name, value]);
  const image = {
    nodeFlags: (JSON.parse(entryPoint) as string[]).filter((argument) => argument.startsWith('--')),
    env: Object.fromEntries(variables),
    args: ['--log-level=info'],
  };
  if (!world) return image;
  const pod = await podMounts(world);
  const [command = '', ...args] = podCommand(pod.serviceAccountDir, ['true']);
  try {
    await promisify(execFile)(command, args);
    return { ...image, pod };
  } catch {
    console.error(
      'no namespace of mounts can be made here: the operator reads a kubeconfig, which costs 40 MB and 0.4 s',
    );
    return image;
  }
}

/** The ServiceAccount of the installed operator as a node mounts it. */
async function podMounts({ dir, kubernetes }: RealWorld): Promise<PodMounts> {
  const serviceAccountDir = join(dir, 'serviceaccount');
  const kubeconfig = JSON.parse(await readFile(join(dir, 'operator.kubeconfig'), 'utf8')) as Kubeconfig;
  await mkdir(serviceAccountDir, { recursive: true });
  await writeFile(join(serviceAccountDir, 'token'), kubeconfig.users[0]?.user.token ?? '', { mode: 0o600 });
  await writeFile(join(serviceAccountDir, 'ca.crt'), await readFile(kubernetes.caFile));
  const { hostname, port } = new URL(kubernetes.server);
  return {
    serviceAccountDir,
    env: { KUBECONFIG: '', KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
  };
}
