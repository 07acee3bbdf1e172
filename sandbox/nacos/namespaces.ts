/**
 * The namespaces that somebody created, for lists of them; configs and services of others are taken as well, as by the
 * real server. HTTP: `/v3/admin/core/namespace` on 3.1, `/v1/console/namespaces` on 2.3.
 */
import { randomUUID } from 'node:crypto';
import { traits } from './generation.ts';
import type { Generation } from './generation.ts';
import { required, result } from './http-routes.ts';
import type { HttpAnswer, HttpRequest, HttpRoutes } from './http-routes.ts';
import { Refusal } from './refusal.ts';

interface Namespace {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
}

export interface NamespacesOptions {
  readonly generation: Generation;
  /** How many configs a namespace has. */
  readonly configCount: (namespaceId: string) => number;
}

const quota = 200;

export function namespaceRoutes({ configCount, generation }: NamespacesOptions): HttpRoutes {
  const isV3 = generation === '3.1';
  const { publicNamespace } = traits[generation];
  const namespaces = new Map<string, Namespace>([
    [publicNamespace, { id: publicNamespace, name: 'public', description: isV3 ? 'Default Namespace' : null }],
  ]);
  const path = isV3 ? '/v3/admin/core/namespace' : '/v1/console/namespaces';
  const idName = isV3 ? 'namespaceId' : 'customNamespaceId';
  const done: HttpAnswer = isV3 ? result(true) : { body: true };
  return {
    [`GET ${path}${isV3 ? '/list' : ''}`]() {
      const data = [...namespaces.values()].map(({ description, id, name }) => ({
        namespace: id,
        namespaceShowName: name,
        namespaceDesc: description,
        quota,
        configCount: configCount(id),
        type: id === publicNamespace ? 0 : 2,
      }));
      return isV3 ? result(data) : { body: { code: 200, message: null, data } };
    },
    [`POST ${path}`](request) {
      const namespace = namespaceOf(request, idName);
      if (namespaces.has(namespace.id)) {
        throw new Refusal('namespace already exist', `namespaceId [${namespace.id}] already exist`);
      }
      namespaces.set(namespace.id, namespace);
      return done;
    },
    [`DELETE ${path}`](request) {
      const id = required(request, 'namespaceId');
      // What does not exist is deleted already, and the public one stays.
      if (id !== publicNamespace) namespaces.delete(id);
      return done;
    },
  };
}

/** @throws Refusal */
function namespaceOf(request: HttpRequest, idName: string): Namespace {
  const { [idName]: given = '', namespaceDesc } = request.parameters;
  const id = given === '' ? randomUUID() : given;
  const name = required(request, 'namespaceName');
  if (id.length > 128 || !/^[\w-]+$/.test(id)) {
    throw new Refusal('parameter validate error', `${idName} [${id}] mismatch the pattern`);
  }
  if (/[@#$%^&*]/.test(name)) {
    throw new Refusal('parameter validate error', `namespaceName [${name}] contains illegal char`);
  }
  return { id, name, description: namespaceDesc ?? '' };
}
