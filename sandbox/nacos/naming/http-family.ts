/**
 * The three families of HTTP paths, and how each says what was done and what was refused (seen on 2.3.2 and 3.1.0):
 *
 *          success                              refusal
 *   v3     {"code":0,"message":"success",data}  {code, message: title, data: detail}
 *   v2     {"code":0,"message":"success",data}  `caused: detail;`
 *   v1     the data itself                      `caused: detail;`, on 3.1 the detail alone
 */
import type { Generation } from '../generation.ts';
import { errorPage, result } from '../http-replies.ts';
import type { HttpAnswer, HttpRequest, HttpRoute } from '../http-route.ts';
import { HttpParameters } from './http-parameters.ts';
import type { Family } from './http-parameters.ts';
import { IllegalParameter, MalformedRequest, MissingParameter, Refusal, RefusedOperation } from './refusal.ts';

/** What a call answers in all families, or differently for this one. */
type Call = (parameters: HttpParameters, request: HttpRequest) => unknown;

const prefixes = {
  v1: '/v1/ns',
  v2: '/v2/ns',
  v3: '/v3/admin/ns',
} as const satisfies Record<Family, string>;

export class HttpFamily {
  readonly name: Family;
  readonly #generation: Generation;
  readonly #prefix: string;

  constructor(name: Family, generation: Generation, prefix: string = prefixes[name]) {
    this.name = name;
    this.#generation = generation;
    this.#prefix = prefix;
  }

  route(method: HttpRoute['method'], path: string, call: Call): HttpRoute {
    const handle = (request: HttpRequest): HttpAnswer => {
      try {
        const data = call(new HttpParameters(this.name, request), request);
        return this.name === 'v1' ? { body: data } : result(data);
      } catch (error) {
        return this.#refused(error);
      }
    };
    return { method, path: this.#prefix + path, handle };
  }

  /** 3.1 has switched most of v1 and v2 off, and says what to use instead. */
  gone(method: HttpRoute['method'], path: string, instead: string): HttpRoute {
    const kind = instead.startsWith('/v3/console/') ? 'console' : 'admin';
    const use = `${method === 'PATCH' ? 'PUT' : method} \${contextPath:nacos}${instead}`;
    const advice = `please use API(s) \`${use}\` instead, or set \`nacos.core.api.compatibility.${kind}.enabled=true\``;
    const text = `Current API will be deprecated, ${advice} in application.properties.`;
    const message = JSON.stringify({ code: 40_000, message: text });
    return { method, path: this.#prefix + path, handle: (request) => errorPage(410, message, request.path) };
  }

  /** @throws what is no refusal. */
  #refused(error: unknown): HttpAnswer {
    if (error instanceof IllegalParameter) return { status: 400, body: `${error.message}\r\n` };
    if (error instanceof MissingParameter) return { status: 400, body: error.message };
    if (error instanceof MalformedRequest) return this.#refused(new Refusal('parameter validate error', error.message));
    if (error instanceof RefusedOperation) return this.#refused(new Refusal('server error', error.message));
    if (!(error instanceof Refusal)) throw error;
    const { code, message: detail, status, title } = error;
    if (this.name === 'v3') return { status, body: { code, message: title, data: detail || null } };
    return { status, body: this.#generation === '3.1' ? detail : `caused: ${detail};` };
  }
}
