/**
 * Publishing and removing a config, whichever API brings the request: names and fields are checked as the real server
 * checks them, then it is done.
 */
import { configNamespaceOf } from '../generation.ts';
import type { Generation } from '../generation.ts';
import { checkParameters } from '../parameter-rules.ts';
import { leftOut, Refusal } from '../refusal.ts';
import type { ConfigKey, Writer } from './config.ts';
import type { ConfigStore } from './config-store.ts';

/** As a request has it; what it leaves out is undefined. */
export interface GivenKey {
  readonly dataId?: string | undefined;
  readonly group?: string | undefined;
  readonly namespaceId?: string | undefined;
}

export interface GivenConfig extends GivenKey {
  readonly content?: string | undefined;
  readonly type?: string | undefined;
  readonly appName?: string | undefined;
  readonly configTags?: string | undefined;
  readonly desc?: string | undefined;
  readonly encryptedDataKey?: string | undefined;
  /** The publish is for what has this md5. */
  readonly casMd5?: string | undefined;
  /** Of versions for some clients. */
  readonly betaIps?: string | undefined;
  readonly tag?: string | undefined;
}

const maxContentChars = 10 * 1024 * 1024;
const maxTags = 5;
const maxTagChars = 64;
const maxDescriptionChars = 128;
const knownTypes = ['properties', 'xml', 'json', 'text', 'html', 'yaml', 'toml', 'unset'];

export class ConfigWrites {
  readonly #generation: Generation;
  readonly #store: ConfigStore;

  constructor(generation: Generation, store: ConfigStore) {
    this.#generation = generation;
    this.#store = store;
  }

  /** @throws Refusal for a name of a wrong form. */
  keyOf(given: GivenKey): ConfigKey {
    const { dataId = '', group = '', namespaceId } = given;
    checkParameters({ dataId, group, namespaceId });
    return { dataId, group, namespaceId: configNamespaceOf(this.#generation, namespaceId) };
  }

  /** @throws Refusal */
  publish(given: GivenConfig, writer: Writer): void {
    const key = this.#namedKeyOf(given);
    const { appName, betaIps, casMd5, content, configTags, desc, encryptedDataKey = '', tag, type } = given;
    if (isBlank(content)) throw new Refusal('parameter missing', `content is blank : ${content ?? 'null'}`);
    if (content.length > maxContentChars) throw invalid(`invalid content, over ${maxContentChars}`);
    const tags = isBlank(configTags) ? [] : configTags.split(',');
    if (tags.length > maxTags) throw invalid(`too much config_tags, over ${maxTags}`);
    if (tags.some(({ length }) => length > maxTagChars)) throw invalid(`too long tag, over ${maxTagChars}`);
    if ((desc ?? '').length > maxDescriptionChars) throw invalid(`too long desc, over ${maxDescriptionChars}`);
    refuseVersions(betaIps, tag);
    const fields = {
      content,
      type: knownTypeOf(type),
      appName: appName ?? null,
      configTags: configTags ?? null,
      desc: desc ?? null,
      encryptedDataKey,
    };
    if (this.#store.publish(key, fields, writer, isBlank(casMd5) ? undefined : casMd5)) return;
    const separator = this.#generation === '3.1' ? ', ' : ',';
    throw new Refusal('resource conflict', `Cas publish fail${separator}server md5 may have changed.`);
  }

  /** A config that does not exist is no failure. @throws Refusal */
  remove(given: GivenKey, writer: Writer): void {
    this.#store.remove(this.#namedKeyOf(given), writer);
  }

  #namedKeyOf(given: GivenKey): ConfigKey {
    const key = this.keyOf(given);
    if (isBlank(key.dataId)) throw new Refusal('parameter missing', `invalid dataId : ${key.dataId}`);
    if (isBlank(key.group)) throw new Refusal('parameter missing', `invalid group : ${key.group}`);
    return key;
  }
}

/** What is meant for some clients only must not touch what all read. @throws Refusal */
export function refuseVersions(beta: string | undefined, tag: string | undefined): void {
  if (!isBlank(beta) || !isBlank(tag)) throw leftOut('beta and tag versions of a config');
}

function isBlank(text: string | undefined): text is undefined | '' {
  return text === undefined || text.trim() === '';
}

/** What is no type that the server knows is text. */
function knownTypeOf(type: string | undefined): string | null {
  if (isBlank(type)) return null;
  return knownTypes.includes(type) ? type : 'text';
}

function invalid(message: string): Refusal {
  return new Refusal('parameter validate error', message);
}
