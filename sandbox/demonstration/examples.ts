/**
 * The examples, with what their comments ask to be put in: host, port and login of the Nacos that is there.
 */
import type { NacosConfig } from '../../operator/api/resources.ts';
import type { ConfigKey, Credentials, ServerAddress } from '../../operator/nacos/index.ts';
import { addressOf } from './observed/config-facts.ts';
import { readManifests, type Manifest } from '../../operator/admission/package-files.ts';

/** @param credentials undefined leaves those of the example, which a server without authentication takes */
export async function readExamples(
  servers: readonly ServerAddress[],
  credentials: Credentials | undefined,
): Promise<Manifest[]> {
  const examples = await readManifests('examples');
  return examples.map((example) => {
    if (example.kind === 'NacosConnection') return withServers(example, servers);
    if (isLogin(example) && credentials) return { ...example, stringData: { ...credentials } };
    return example;
  });
}

export function configsOf(examples: readonly Manifest[]): (Manifest & NacosConfig)[] {
  return examples.filter((example): example is Manifest & NacosConfig => example.kind === 'NacosConfig');
}

/** The dataIds that the examples publish. */
export function publishedKeys(examples: readonly Manifest[], nacosNamespace: string): ConfigKey[] {
  return configsOf(examples)
    .filter(({ spec }) => spec.source !== 'Nacos')
    .map((config) => addressOf(config, nacosNamespace));
}

function isLogin({ kind, stringData }: Manifest): boolean {
  return kind === 'Secret' && 'password' in Object(stringData);
}

function withServers(connection: Manifest, servers: readonly ServerAddress[]): Manifest {
  const named = servers.map(({ scheme, host, port, contextPath, grpcPort }) => ({
    scheme,
    host,
    port,
    contextPath: contextPath === '' ? '/' : contextPath,
    grpcPort,
  }));
  return { ...connection, spec: { ...(connection['spec'] as object), servers: named } };
}
