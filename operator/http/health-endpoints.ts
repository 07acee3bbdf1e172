/**
 * /healthz and /readyz in the form that Kubernetes components have them: named checks, each also at a sub-path,
 * `?verbose` for the list, `?exclude=name` to leave one out.
 *
 * The port is not authenticated, so an answer says which check failed and the log says why, once when it begins and once
 * when it ends.
 */
import { messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { HealthCheck } from '../runtime/health-check.ts';
import type { HttpRequest, HttpResponse, Route } from './server.ts';

interface HealthOptions {
  /** A check `ping`, which always passes, is there besides. */
  healthz: readonly HealthCheck[];
  readyz: readonly HealthCheck[];
  log: Logger;
}

interface Result {
  name: string;
  isWell: boolean;
  isExcluded: boolean;
}

const ping: HealthCheck = { name: 'ping', check: () => {} };

export function healthRoutes({ healthz, readyz, log }: HealthOptions): Route[] {
  return [new HealthRoute('/healthz', [ping, ...healthz], log), new HealthRoute('/readyz', [ping, ...readyz], log)];
}

class HealthRoute implements Route {
  readonly path: string;
  readonly includesSubPaths = true;
  readonly #checks: readonly HealthCheck[];
  readonly #log: Logger;
  /** Names of the checks that failed last time. */
  readonly #failing = new Set<string>();

  constructor(path: string, checks: readonly HealthCheck[], log: Logger) {
    this.path = path;
    this.#checks = checks;
    this.#log = log;
  }

  async get({ path, query }: HttpRequest): Promise<HttpResponse> {
    const name = path.slice(this.path.length + 1);
    if (name !== '') return this.#getOne(name);

    const excluded = new Set(query.getAll('exclude'));
    const results = await Promise.all(this.#checks.map((check) => this.#result(check, excluded)));
    const isWell = results.every((result) => result.isWell || result.isExcluded);
    if (isWell && !query.has('verbose')) return { status: 200, body: 'ok' };
    const unknown = [...excluded].some((name) => !this.#checks.some((check) => check.name === name));
    const lines = [
      ...results.map(line),
      ...(unknown ? ['warn: some of the checks to exclude do not exist'] : []),
      `${this.path.slice(1)} check ${isWell ? 'passed' : 'failed'}`,
    ];
    return { status: isWell ? 200 : 500, body: `${lines.join('\n')}\n` };
  }

  async #getOne(name: string): Promise<HttpResponse> {
    const check = this.#checks.find((candidate) => candidate.name === name);
    if (check === undefined) return { status: 404, body: 'not found\n' };
    const isWell = await this.#isWell(check);
    return isWell ? { status: 200, body: 'ok' } : { status: 500, body: 'failed: reason withheld\n' };
  }

  async #result(check: HealthCheck, excluded: ReadonlySet<string>): Promise<Result> {
    const isExcluded = excluded.has(check.name);
    return { name: check.name, isExcluded, isWell: isExcluded || (await this.#isWell(check)) };
  }

  async #isWell(check: HealthCheck): Promise<boolean> {
    const { name } = check;
    try {
      await check.check();
      if (this.#failing.delete(name))
        this.#log.info('a health check passes again', { endpoint: this.path, check: name });
      return true;
    } catch (error) {
      if (!this.#failing.has(name)) {
        this.#log.warn('a health check fails', { endpoint: this.path, check: name, error: messageOf(error) });
      }
      this.#failing.add(name);
      return false;
    }
  }
}

function line({ name, isWell, isExcluded }: Result): string {
  if (isExcluded) return `[+]${name} excluded: ok`;
  return isWell ? `[+]${name} ok` : `[-]${name} failed: reason withheld`;
}
