/**
 * What the HTTP APIs of all versions do with configs alike: they differ in the names of parameters and in the words of
 * refusals, which each version gives.
 */
import { configNamespaceOf } from '../generation.ts';
import type { Generation } from '../generation.ts';
import { badForm, HttpFailure, requireParameters } from '../http-replies.ts';
import type { HttpAnswer, HttpRequest } from '../http-route.ts';
import type { ConfigFields, ConfigKey, StoredConfig } from './config.ts';
import { checkContent, checkFields, checkForm, isBlank, knownTypeOf } from './config-checks.ts';
import type { ConfigRouteOptions } from './route-options.ts';

/** How a version of the API names parameters. */
export interface ParameterNames {
  readonly namespaceId: string;
  readonly group: string;
  readonly configTags: string;
  readonly srcUser: string;
}

export const v1Names: ParameterNames = {
  namespaceId: 'tenant',
  group: 'group',
  configTags: 'config_tags',
  srcUser: 'src_user',
};
export const v2Names: ParameterNames = {
  ...v1Names,
  namespaceId: 'namespaceId',
  configTags: 'configTags',
  srcUser: 'srcUser',
};
export const v3Names: ParameterNames = { ...v2Names, group: 'groupName' };

/** How a version of the API says why it does not publish. */
export interface PublishRefusals {
  invalid(fault: string): HttpAnswer;
  blank(fault: string): HttpAnswer;
  casFailed(): HttpAnswer;
}

/** @throws HttpFailure when a name is missing or of a wrong form. */
export function keyOf(generation: Generation, names: ParameterNames, request: HttpRequest): ConfigKey {
  const { parameters } = request;
  const given = {
    dataId: parameters['dataId'],
    group: parameters[names.group],
    namespaceId: parameters[names.namespaceId],
  };
  const fault = checkForm(given);
  if (fault) throw new HttpFailure(badForm(fault, request));
  requireParameters(generation, request, names === v3Names ? [names.group, 'dataId'] : ['dataId', names.group]);
  const { dataId = '', group = '' } = given;
  return { namespaceId: configNamespaceOf(generation, given.namespaceId), group, dataId };
}

export function publish(
  options: ConfigRouteOptions,
  names: ParameterNames,
  request: HttpRequest,
  refusals: PublishRefusals,
): HttpAnswer | undefined {
  const { grays, generation, store } = options;
  const key = keyOf(generation, names, request);
  requireParameters(generation, request, ['content']);
  const fields = fieldsOf(names, request);
  const blank = checkContent(fields.content);
  if (blank) return refusals.blank(blank);
  const fault = checkFields(fields);
  if (fault) return refusals.invalid(fault);
  const { headers, parameters } = request;
  const [betaIps, tag] = [headers['betaips'], parameters['tag']];
  if (!isBlank(betaIps)) grays.publishBeta(key, betaIps, fields);
  else if (!isBlank(tag)) grays.publishTag(key, tag, fields);
  else {
    const casMd5 = headers['casmd5'];
    const writer = { user: parameters[names.srcUser] ?? request.username ?? null, ip: request.clientIp };
    const isPublished = store.publish(key, fields, writer, isBlank(casMd5) ? undefined : casMd5);
    if (!isPublished) return refusals.casFailed();
  }
  return undefined;
}

/** A config that does not exist is no failure. */
export function remove(options: ConfigRouteOptions, names: ParameterNames, request: HttpRequest): void {
  const key = keyOf(options.generation, names, request);
  const { tag } = request.parameters;
  if (!isBlank(tag)) options.grays.removeTag(key, tag);
  else {
    options.store.remove(key, { user: request.username ?? null, ip: request.clientIp });
    options.grays.removeAll(key);
  }
}

/** What a list asks for: exact names, or with wildcards; the whole namespace when they are blank. */
export function search(options: ConfigRouteOptions, names: ParameterNames, request: HttpRequest): StoredConfig[] {
  const { parameters } = request;
  const namespaceId = configNamespaceOf(options.generation, parameters[names.namespaceId]);
  const isBlur = (parameters['search'] ?? 'blur') === 'blur';
  const isNamespaceId = matcherOf(namespaceId, isBlur);
  const matches = (text: string | undefined, like = isBlur) => (isBlank(text) ? () => true : matcherOf(text, like));
  const isDataId = matches(parameters['dataId']);
  const isGroup = matches(parameters[names.group]);
  const isAppName = matches(parameters['appName'], false);
  const hasContent = matches(parameters['configDetail'] ?? parameters['config_detail']);
  const tags = (parameters[names.configTags] ?? '').split(',').filter((tag) => tag !== '');
  const types = (parameters['type'] ?? parameters['types'] ?? '').split(',').filter((type) => type !== '');
  const found: StoredConfig[] = [];
  for (const config of options.store.all()) {
    const { key } = config;
    if (!isNamespaceId(key.namespaceId) || !isDataId(key.dataId) || !isGroup(key.group)) continue;
    if (!isAppName(config.appName ?? '') || !hasContent(config.content)) continue;
    if (types.length > 0 && !types.includes(config.type ?? 'text')) continue;
    if (tags.length > 0 && !(config.configTags ?? '').split(',').some((tag) => tags.includes(tag))) continue;
    found.push(config);
  }
  return found;
}

/** A blurred search is SQL's LIKE, where `_` and `%` are wildcards, too. */
function matcherOf(text: string, like: boolean): (value: string) => boolean {
  if (!like) return (value) => value === text;
  const escaped = text.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
  const pattern = new RegExp(`^${escaped.replaceAll(/[*%]/g, '.*').replaceAll('_', '.')}$`, 's');
  return (value) => pattern.test(value);
}

function fieldsOf(names: ParameterNames, { parameters }: HttpRequest): ConfigFields {
  return {
    content: parameters['content'] ?? '',
    type: knownTypeOf(parameters['type']) ?? 'text',
    appName: parameters['appName'] ?? null,
    configTags: parameters[names.configTags] ?? null,
    desc: parameters['desc'] ?? null,
    use: parameters['use'] ?? null,
    effect: parameters['effect'] ?? null,
    schema: parameters['schema'] ?? null,
    encryptedDataKey: parameters['encryptedDataKey'] ?? '',
  };
}
