/**
 * `nacos-bridge export`: the configs of a Nacos namespace as NacosConfig manifests, on standard output or a file for each.
 *
 * Nothing is written to Nacos, now or when the manifests are applied. What cannot be exported is named on standard error.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isPlaceConfig } from '../config-sync/base/nacos-place.ts';
import { BridgeError, messageOf } from '../errors.ts';
import { type ConfigName, type NacosClient, nameText } from '../nacos/index.ts';
import type { ExportOptions } from '../options/manifest-options.ts';
import { concurrently } from './concurrently.ts';
import { exactYaml } from './exact-yaml.ts';
import { exportConfig, type ExportedConfig, type ExportTarget } from './exported-config.ts';
import { NacosConnections } from './nacos-connections.ts';
import { objectNames } from './object-names.ts';
import { Progress } from './progress.ts';
import type { Streams } from './streams.ts';

/** Reads of the database at once: a server has other things to do. */
const CONCURRENT_READS = 8;

/** @returns the exit code: 0 when all that matches is exported, 1 when something had to be left out */
export async function runExport(options: ExportOptions, version: string, streams: Streams): Promise<0 | 1> {
  await using opened = new AsyncDisposableStack();
  const connections = new NacosConnections(options, version);
  opened.defer(() => connections.close());
  const { client, namespaceId } = connections.default();
  const names = await listed(client, namespaceId, options);
  const { namespace, source } = options;
  const exported = await readAll(client, names, { namespaceId, namespace, source }, streams);
  await (options.output === undefined ? print(exported, streams) : writeFiles(exported, options.output));
  for (const { config, remarks } of exported) {
    for (const remark of remarks) streams.errors.write(`${config.group}/${config.dataId} ${remark}\n`);
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
async function listed(
  client: NacosClient,
  namespaceId: string,
  { dataId, group }: ExportOptions,
): Promise<ConfigName[]> {
  const listing = await client.admin.listConfigs({ namespaceId, group, dataId });
  if (!listing.isComplete) {
    const message = 'the configs changed while they were listed, each time; try again';
    throw new BridgeError('NACOS_FAILED', message);
  }
  const configs = listing.configs.filter((config) => !isPlaceConfig(config));
  return configs.toSorted((a, b) => (nameText(a) < nameText(b) ? -1 : 1));
}

async function readAll(
  client: NacosClient,
  configs: readonly ConfigName[],
  target: ExportTarget,
  streams: Streams,
): Promise<NamedConfig[]> {
  const names = objectNames(configs);
  const progress = new Progress(streams.errors, 'read', configs.length);
  const exported = await concurrently(configs, CONCURRENT_READS, async (config) => {
    const { dataId, group } = config;
    const detail = await client.admin.getConfig({ namespaceId: target.namespaceId, group, dataId });
    progress.advance();
    const name = names.get(nameText(config)) ?? '';
    // Removed since it was listed: it does not match any more.
    return detail === undefined ? [] : [{ config, name, ...exportConfig(name, config, detail, target) }];
  });
  progress.end();
  return exported.flat();
}

async function print(exported: readonly NamedConfig[], { output }: Streams): Promise<void> {
  const documents = exported.flatMap(({ manifests }) => manifests).map((manifest) => exactYaml(manifest));
  output.write(documents.map((document) => `---\n${document}`).join(''));
}

/** Named by the objects; files of the same name are overwritten, others are left. */
async function writeFiles(exported: readonly NamedConfig[], folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    for (const { manifests, name } of exported) {
      if (manifests.length === 0) continue;
      await writeFile(join(folder, `${name}.yaml`), manifests.map((manifest) => exactYaml(manifest)).join('---\n'));
    }
  } catch (error) {
    throw new BridgeError('INVALID_OPTION', `--output: '${folder}' cannot be written: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
