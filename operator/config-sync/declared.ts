/**
 * The content that Kubernetes declares for a dataId, read and checked before anything is sent.
 *
 * What Nacos holds stays as it is while the content is missing or wrong.
 */
import { createHash } from 'node:crypto';
import { BridgeError } from '../errors.ts';
import { checkSyntax } from './formats/check-syntax.ts';
import type { PublishIntent } from './intent.ts';

/** 10 MiB is what Nacos takes as one message (`nacos.remote.server.grpc.sdk.max-inbound-message-size`); JSON adds to it. */
const MAX_CONTENT_BYTES = 9 * 1024 * 1024;

export interface DeclaredContent {
  content: string;
  md5: string;
}

/** The part of a ConfigMap that is read here. */
export interface ConfigMapData {
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
}

/** Reads one ConfigMap of the resource's namespace; undefined when there is none. */
export type ReadConfigMap = (name: string) => Promise<ConfigMapData | undefined>;

/** @throws BridgeError REFERENCE_MISSING or INVALID_CONTENT. */
export async function readDeclared(intent: PublishIntent, readConfigMap: ReadConfigMap): Promise<DeclaredContent> {
  const content = await readContent(intent, readConfigMap);
  if (content.trim() === '') {
    throw invalidContent('must not be blank: Nacos refuses blank content; what Nacos holds stays as it is');
  }
  const bytes = Buffer.byteLength(content);
  if (bytes > MAX_CONTENT_BYTES) throw invalidContent(`has ${bytes} bytes and must have at most ${MAX_CONTENT_BYTES}`);
  return { content, md5: md5Of(content) };
}

/** @throws BridgeError INVALID_CONTENT with line and column. */
export function validateSyntax(intent: PublishIntent, content: string): void {
  const problem = checkSyntax(content, intent.format);
  if (problem === undefined) return;
  const { line, column, message } = problem;
  throw invalidContent(`is not valid ${intent.format}: line ${line}, column ${column}: ${message}`);
}

/** The md5 that Nacos computes: over the UTF-8 bytes, in lower-case hexadecimal digits. */
export function md5Of(content: string): string {
  return createHash('md5').update(content, 'utf8').digest('hex');
}

async function readContent({ content }: PublishIntent, readConfigMap: ReadConfigMap): Promise<string> {
  if (content.kind === 'inline') return content.content;
  const { name, key } = content;
  const configMap = await readConfigMap(name);
  if (configMap === undefined) throw missing(`ConfigMap '${name}', named by \`spec.contentFrom\`, does not exist`);
  const text = configMap.data?.[key];
  if (text !== undefined) return text;
  if (configMap.binaryData?.[key] !== undefined) {
    throw invalidContent(`key '${key}' of ConfigMap '${name}' is binary and must be text`);
  }
  const keys = Object.keys(configMap.data ?? {}).slice(0, 10);
  const present = keys.length === 0 ? 'it has no keys' : `it has ${keys.map((k) => `'${k}'`).join(', ')}`;
  throw missing(`ConfigMap '${name}' has no key '${key}', named by \`spec.contentFrom\`; ${present}`);
}

function invalidContent(rule: string): BridgeError {
  return new BridgeError('INVALID_CONTENT', `The content ${rule}`);
}

function missing(message: string): BridgeError {
  return new BridgeError('REFERENCE_MISSING', message);
}
