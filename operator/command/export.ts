/**
 * `nacos-bridge export`: the configs of a Nacos namespace as NacosConfig manifests, on standard output or a file for each.
 *
 * Nothing is written to Nacos, now or when the manifests are applied. What cannot be exported is named on standard error, and
 * so are files of former exports that are not needed any more.
 */
import { isPlaceConfig } from '../config-sync/base/nacos-place.ts';
import { BridgeError } from '../errors.ts';
import { type ConfigName, type ConfigPattern, describeKey, type NacosClient, nameText } from '../nacos/index.ts';
import type { ExportOptions } from '../options/manifest-options.ts';
import { concurrently } from './concurrently.ts';
import { exactYaml } from './exact-yaml.ts';
import { ExportFolder } from './export-folder.ts';
import { exportConfig, type ExportedConfig, type ExportTarget } from './exported-config.ts';
import { NacosConnections } from './nacos-connections.ts';
import { objectName } from './object-names.ts';
import { Progress } from './progress.ts';
import type { Streams } from './streams.ts';

/** Reads of the database at once: a server has other things to do. */
const CONCURRENT_READS = 8;

/**
 * @returns the exit code: 0 when all that matches is exported, 1 when something had to be left out
 * @throws BridgeError REFERENCE_MISSING for a Nacos namespace without any config, which is seldom what was meant
 */
export async function runExport(options: ExportOptions, version: string, streams: Streams): Promise<0 | 1> {
  await using opened = new AsyncDisposableStack();
  const connections = new NacosConnections(options, version);
  opened.defer(() => connections.close());
  const { client, namespaceId } = connections.default();
  const { dataId, group, namespace, output, prune, source } = options;
  const pattern = { namespaceId, group, dataId };
  const names = await listed(client, pattern);
  const exported = await readAll(client, names, { namespaceId, namespace, source }, streams);
  if (output === undefined) print(exported, streams);
  else await writeFolder(new ExportFolder(output), exported, pattern, prune, streams);
  for (const { config, remarks } of exported) {
    for (const remark of remarks) say(`${nameOf(config)} ${remark}`, streams);
  }
  const done = exported.filter(({ manifests }) => manifests.length > 0).length;
  streams.errors.write(`exported ${done} of ${exported.length} configs\n`);
  return done === exported.length ? 0 : 1;
}

interface NamedConfig extends ExportedConfig {
  readonly config: ConfigName;
  /** Of its objects. */
  readonly name: string;
}

/** In an order that does not depend on the server. */
async function listed(client: NacosClient, pattern: ConfigPattern): Promise<ConfigName[]> {
  const configs = await list(client, pattern);
  if (configs.length === 0) await checkIsUsed(client, pattern.namespaceId);
  return configs.toSorted((a, b) => (nameText(a) < nameText(b) ? -1 : 1));
}

async function list(client: NacosClient, pattern: ConfigPattern): Promise<readonly ConfigName[]> {
  const { configs, isComplete } = await client.admin.listConfigs(pattern);
  if (isComplete) return configs.filter((config) => !isPlaceConfig(config));
  throw new BridgeError('NACOS_FAILED', 'the configs changed while they were listed, each time; try again');
}

/** Nacos tells nothing else of a namespace that there is not. */
async function checkIsUsed(client: NacosClient, namespaceId: string): Promise<void> {
  const all = await list(client, { namespaceId, group: '*', dataId: '*' });
  if (all.length > 0) return;
  const title = namespaceId === '' ? 'the public Nacos namespace' : `the Nacos namespace '${namespaceId}'`;
  throw new BridgeError('REFERENCE_MISSING', `${title} holds no config, or there is none; check --nacos-namespace`);
}

async function readAll(
  client: NacosClient,
  configs: readonly ConfigName[],
  target: ExportTarget,
  streams: Streams,
): Promise<NamedConfig[]> {
  const progress = new Progress(streams.errors, 'read', configs.length);
  const exported = await concurrently(configs, CONCURRENT_READS, async (config) => {
    const { dataId, group } = config;
    const detail = await client.admin.getConfig({ namespaceId: target.namespaceId, group, dataId });
    progress.advance();
    const name = objectName(config);
    // Removed since it was listed: it does not match any more.
    return detail === undefined ? [] : [{ config, name, ...exportConfig(name, config, detail, target) }];
  });
  progress.end();
  return exported.flat();
}

function print(exported: readonly NamedConfig[], { output }: Streams): void {
  const documents = exported.flatMap(({ manifests }) => manifests).map((manifest) => exactYaml(manifest));
  output.write(documents.map((document) => `---\n${document}`).join(''));
}

/** What could be listed, but not exported, is not gone. */
async function writeFolder(
  folder: ExportFolder,
  exported: readonly NamedConfig[],
  pattern: ConfigPattern,
  prune: boolean,
  streams: Streams,
): Promise<void> {
  for (const { config, manifests, name } of exported) {
    if (manifests.length > 0) await folder.write(name, { ...config, namespaceId: pattern.namespaceId }, manifests);
  }
  const present = exported.map(({ name }) => name);
  for (const left of await folder.left(pattern, present)) {
    const title = `${left.file}, of a former export of ${describeKey(left.key)},`;
    if (prune) await folder.remove(left);
    say(`${title} ${prune ? 'is removed' : 'is not needed any more; --prune removes it'}`, streams);
  }
}

function nameOf({ dataId, group }: ConfigName): string {
  return `${group}/${dataId}`;
}

function say(text: string, { errors }: Streams): void {
  errors.write(`nacos-bridge: ${text}\n`);
}
