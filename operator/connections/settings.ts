/**
 * What a connection needs to be made: the spec of a NacosConnection with the Secret that it names, read and checked.
 * Pure. Two connections with equal settings share one client.
 */
import { createHash } from 'node:crypto';
import type { NacosConnection } from '../api/resources.ts';
import { BridgeError } from '../errors.ts';
import type { KubeObject } from '../kube/resource.ts';
import { normaliseNamespaceId, type PublicNamespace, type ServerAddress } from '../nacos/index.ts';

interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface ConnectionSettings {
  readonly servers: readonly ServerAddress[];
  /** '' is the public namespace. */
  readonly namespaceId: string;
  readonly publicNamespace: PublicNamespace;
  readonly credentials: Credentials | undefined;
  readonly requestTimeoutMs: number;
  readonly updateConcurrency: number;
}

/** A Secret as the API serves it: values in Base64. */
export type Secret = KubeObject & { data?: Record<string, string> };

/** The name of the Secret with user name and password, in the namespace of the connection. */
export function secretNameOf({ spec }: NacosConnection): string | undefined {
  return spec.auth?.password?.secretRef.name;
}

/** That Secret's key, `namespace/name`. */
export function loginOf(connection: NacosConnection): string | undefined {
  const name = secretNameOf(connection);
  return name === undefined ? undefined : `${connection.metadata.namespace}/${name}`;
}

/**
 * `secret` is the object that `secretNameOf` names, undefined when it does not exist.
 *
 * @throws BridgeError REFERENCE_MISSING or INVALID_SPEC; never with a value of the Secret.
 */
export function compileSettings({ spec }: NacosConnection, secret: Secret | undefined): ConnectionSettings {
  const secretName = spec.auth?.password?.secretRef.name;
  return {
    servers: spec.servers.map((server) => ({
      ...server,
      contextPath: server.contextPath === '/' ? '' : server.contextPath,
      grpcPort: server.grpcPort ?? server.port + 1000,
    })),
    namespaceId: normaliseNamespaceId(spec.namespaceId),
    publicNamespace: spec.publicNamespace,
    credentials: secretName === undefined ? undefined : credentialsOf(secretName, secret),
    requestTimeoutMs: spec.requestTimeoutMs,
    updateConcurrency: spec.updateConcurrency,
  };
}

/** Equal for settings that can share a client; tells nothing of the password. */
export function sharingKey(settings: ConnectionSettings): string {
  const { servers, credentials, publicNamespace, requestTimeoutMs, updateConcurrency } = settings;
  const addresses = servers.map(({ scheme, host, port, contextPath, grpcPort }) =>
    [scheme, host, port, contextPath, grpcPort].join(),
  );
  const login = [credentials?.username, credentials?.password];
  const identity = [addresses.toSorted(byText), login, requestTimeoutMs, updateConcurrency, publicNamespace];
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex');
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}

function credentialsOf(name: string, secret: Secret | undefined): Credentials {
  if (secret === undefined) {
    const message = `Secret '${name}', named by \`spec.auth.password.secretRef\`, does not exist in this namespace`;
    throw new BridgeError('REFERENCE_MISSING', message);
  }
  return { username: valueOf(secret, 'username'), password: valueOf(secret, 'password') };
}

/** A line break at the end, which most editors and `echo` add, is no part of a credential. */
function valueOf({ metadata, data }: Secret, key: string): string {
  const value = Buffer.from(data?.[key] ?? '', 'base64')
    .toString('utf8')
    .replace(/\r?\n$/, '');
  if (value !== '') return value;
  throw new BridgeError('REFERENCE_MISSING', `Secret '${metadata.name}' must have a key '${key}' that is not empty`);
}
