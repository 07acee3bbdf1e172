/**
 * What 3.1 no longer serves of the HTTP APIs v1 and v2 unless it is told to: it answers 410, and names what to use instead.
 * What is not listed here was never there, or is still served.
 */
import { errorPage } from './http-replies.ts';
import type { HttpAnswer } from './http-route.ts';

interface Gone {
  /** Method and path; `*` for any method, which is then that of the replacement too. */
  readonly old: string;
  /** The path to use instead. */
  readonly use: string;
  readonly switch: 'admin' | 'console';
}

const gone: readonly Gone[] = [
  { old: '* /v2/cs/config', use: '/v3/admin/cs/config', switch: 'admin' },
  { old: 'GET /v2/cs/history', use: '/v3/admin/cs/history', switch: 'admin' },
  { old: 'GET /v2/cs/history/list', use: '/v3/admin/cs/history/list', switch: 'admin' },
  { old: 'GET /v1/cs/history', use: '/v3/console/cs/history/list', switch: 'console' },
  { old: 'GET /v1/cs/configs/listener', use: '/v3/console/cs/config/listener', switch: 'console' },
  { old: 'GET /v1/cs/listener', use: '/v3/console/cs/config/listener/ip', switch: 'console' },
  { old: 'GET /v1/core/cluster/nodes', use: '/v3/admin/core/cluster/node/list', switch: 'console' },
  { old: 'GET /v2/core/loader/current', use: '/v3/admin/core/loader/current', switch: 'admin' },
];
const byOld = new Map(gone.map((entry) => [entry.old, entry]));

export function goneAnswer(
  method: string,
  path: string,
  parameters: Readonly<Record<string, string>>,
): HttpAnswer | undefined {
  const entry = byOld.get(`${method} ${path}`) ?? byOld.get(`* ${path}`) ?? consoleUse(method, path, parameters);
  if (!entry) return undefined;
  const message = {
    code: 40_000,
    message:
      `Current API will be deprecated, please use API(s) \`${method} \${contextPath:nacos}${entry.use}\` instead, ` +
      `or set \`nacos.core.api.compatibility.${entry.switch}.enabled=true\` in application.properties.`,
  };
  return errorPage(410, JSON.stringify(message), path);
}

/** The path that clients read a config by did more for the console of 2.x, told by its parameters. */
function consoleUse(method: string, path: string, parameters: Readonly<Record<string, string>>): Gone | undefined {
  if (method !== 'GET' || path !== '/v1/cs/configs') return undefined;
  const old = `${method} ${path}`;
  if (parameters['show'] === 'all') return { old, use: '/v3/console/cs/config', switch: 'console' };
  if (parameters['search'] !== undefined) return { old, use: '/v3/console/cs/config/list', switch: 'console' };
  return undefined;
}
