/**
 * The examples, with what their comments ask to be put in: host, port and login of the Nacos that is there.
 */
import type { NacosConfig } from '../../operator/api/resources.ts';
import type { ConfigKey, Credentials, ServerAddress } from '../../operator/nacos/index.ts';
import { addressOf } from './observed/config-rows.ts';
import { readManifests, type Manifest } from '../../operator/admission/package-files.ts';

/** @param credentials undefined leaves those of the example, which a server without authentication takes */
export async function readExamples(
  servers: readonly ServerAddress[],
  credentials: Credentials | undefined,
): Promise<Manifest[]> {
  const spec = { servers: servers.map((server) => ({ ...server, contextPath: server.contextPath || '/' })) };
  return (await readManifests('examples')).map((example) => {
    if (example.kind === 'NacosConnection') return { ...example, spec: { ...(example['spec'] as object), ...spec } };
    const isLogin = example.kind === 'Secret' && 'password' in Object(example['stringData']);
    return isLogin && credentials ? { ...example, stringData: { ...credentials } } : example;
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
