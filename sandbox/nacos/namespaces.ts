/**
 * The namespaces that somebody created, for lists of them; configs and services of others are taken as well, as by the
 * real server. HTTP: `/v3/admin/core/namespace` on 3.1, `/v1/console/namespaces` on 2.3.
 */
import { randomUUID } from 'node:crypto';
import { traits } from './generation.ts';
import type { Generation } from './generation.ts';
import { caused, HttpFailure, result, resultFailure } from './http-replies.ts';
import type { HttpAnswer, HttpRequest, HttpRoute } from './http-route.ts';

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

const maxIdChars = 128;
const quota = 200;

export function namespaceRoutes(options: NamespacesOptions): HttpRoute[] {
  const namespaces = new Map<string, Namespace>();
  const isV3 = options.generation === '3.1';
  const publicNamespace: Namespace = {
    id: traits[options.generation].publicNamespace,
    name: 'public',
    description: isV3 ? 'Default Namespace' : null,
  };
  const shape = ({ description, id, name }: Namespace) => ({
    namespace: id,
    namespaceShowName: name,
    namespaceDesc: description,
    quota,
    configCount: options.configCount(id),
    type: id === publicNamespace.id ? 0 : isV3 ? 1 : 2,
  });
  const list = () => [publicNamespace, ...namespaces.values()].map(shape);
  const find = (id: string) => (id === publicNamespace.id ? publicNamespace : namespaces.get(id));
  const put = (namespace: Namespace) => namespaces.set(namespace.id, namespace);
  return isV3 ? v3Routes({ find, list, namespaces, put, shape }) : v1Routes({ find, list, namespaces, put });
}

interface Operations {
  readonly namespaces: Map<string, Namespace>;
  readonly find: (id: string) => Namespace | undefined;
  readonly put: (namespace: Namespace) => unknown;
  readonly list: () => unknown[];
}

function v3Routes({
  find,
  list,
  namespaces,
  put,
  shape,
}: Operations & { shape: (namespace: Namespace) => unknown }): HttpRoute[] {
  const path = '/v3/admin/core/namespace';
  const absent = (id: string) => resultFailure(22_001, `namespaceId [ ${id} ] not exist`);
  return [
    { method: 'GET', path: `${path}/list`, handle: () => result(list()) },
    {
      method: 'GET',
      path,
      handle(request) {
        const id = requiredId(request);
        const namespace = find(id);
        return namespace ? result(shape(namespace)) : absent(id);
      },
    },
    { method: 'GET', path: `${path}/check`, handle: (request) => result(find(requiredId(request)) ? 1 : 0) },
    {
      method: 'POST',
      path,
      handle({ parameters }) {
        const namespace = asNamespace(parameters['namespaceId'], parameters);
        const fault = checkNames(namespace);
        if (fault) return fault;
        if (find(namespace.id)) return resultFailure(22_002, `namespaceId [${namespace.id}] already exist.`);
        put(namespace);
        return result(true);
      },
    },
    {
      method: 'PUT',
      path,
      handle(request) {
        const namespace = asNamespace(requiredId(request), request.parameters);
        const fault = checkNames(namespace);
        if (fault) return fault;
        if (namespaces.has(namespace.id)) put(namespace);
        return result(true);
      },
    },
    {
      method: 'DELETE',
      path,
      handle(request) {
        namespaces.delete(requiredId(request));
        return result(true);
      },
    },
  ];
}

function v1Routes({ find, list, namespaces, put }: Operations): HttpRoute[] {
  const path = '/v1/console/namespaces';
  return [
    { method: 'GET', path, open: true, handle: () => ({ body: { code: 200, message: null, data: list() } }) },
    {
      method: 'POST',
      path,
      handle({ parameters }) {
        const namespace = asNamespace(parameters['customNamespaceId'], parameters);
        if (!isLegalId(namespace.id)) return { body: false };
        if (find(namespace.id)) return caused(500, `namespaceId [${namespace.id}] already exist`);
        put(namespace);
        return { body: true };
      },
    },
    {
      method: 'PUT',
      path,
      handle({ parameters }) {
        const name = parameters['namespaceShowName'] ?? '';
        const namespace = asNamespace(parameters['namespace'], { ...parameters, namespaceName: name });
        if (namespaces.has(namespace.id)) put(namespace);
        return { body: true };
      },
    },
    { method: 'DELETE', path, handle: ({ parameters }) => deleted(namespaces, parameters['namespaceId']) },
  ];
}

function asNamespace(id: string | undefined, parameters: HttpRequest['parameters']): Namespace {
  const name = (parameters['namespaceName'] ?? '').trim();
  return {
    id: id === undefined || id === '' ? randomUUID() : id,
    name,
    description: parameters['namespaceDesc'] ?? '',
  };
}

function checkNames({ id, name }: Namespace): HttpAnswer | undefined {
  if (name === '') return resultFailure(10_000, "required parameter 'namespaceName' is missing");
  if (!isLegalId(id)) return resultFailure(22_000, `namespaceId [${id}] mismatch the pattern`);
  if (/[@#$%^&*]/.test(name)) return resultFailure(22_000, `namespaceName [${name}] contains illegal char`);
  return undefined;
}

function isLegalId(id: string): boolean {
  return id.length <= maxIdChars && /^[\w-]+$/.test(id);
}

function requiredId({ parameters }: HttpRequest): string {
  const id = parameters['namespaceId'];
  if (id !== undefined) return id;
  const message = "Required request parameter 'namespaceId' for method parameter type String is not present";
  throw new HttpFailure(resultFailure(10_000, message));
}

/** What does not exist is deleted already. */
function deleted(namespaces: Map<string, Namespace>, id: string | undefined): HttpAnswer {
  namespaces.delete(id ?? '');
  return { body: true };
}
