/**
 * What a NacosConnection says of itself: the state of its client in conditions, and what the server can do.
 *
 * Pure. While the first attempt is under way nothing is known, and `connecting` says so by being undefined: a restart
 * of the operator must not write a status for each connection twice.
 */
import { DROP_FORMER_ANNOTATION, FORCE_FINALIZE_ANNOTATION } from '../api/names.ts';
import type { NacosConnectionStatus } from '../api/generated/nacos-connection.ts';
import type { NacosConnection } from '../api/resources.ts';
import type { BridgeError } from '../errors.ts';
import { failureVerdict, setVerdicts, type Verdict } from '../kube/conditions.ts';
import { type ClientState, hostAndPort } from '../nacos/index.ts';

export interface ConnectionVerdicts {
  ready: Verdict;
  /** Absent when it does not log in. */
  authenticated?: Verdict;
  /** Absent while nothing is known of it: what was known stays. */
  adminApi?: Verdict;
  /** Absent while the replicas can relieve each other, or need not. */
  relief?: Verdict;
  /** Absent while nothing is held by a client that the connection had before. */
  formerInUse?: Verdict;
  /** Absent while it is not to be deleted. */
  terminating?: Verdict;
  /** Absent where there is no doubt about its Nacos namespace. */
  ambiguous?: Verdict;
}

/** `undefined` while it is not known. */
export function verdictsOf(state: ClientState, secretName: string | undefined): ConnectionVerdicts | undefined {
  const logsIn = secretName !== undefined;
  switch (state.kind) {
    case 'idle':
    case 'stopped':
      return undefined;
    case 'connecting':
      return state.lastError === undefined ? undefined : failedVerdicts(state.lastError, logsIn);
    case 'disconnected':
      return failedVerdicts(state.error, logsIn);
    case 'connected':
      return {
        ...(state.authError === undefined
          ? connectedVerdicts(state, logsIn)
          : refusedVerdicts(state.authError, secretName)),
        adminApi: adminVerdict(state, secretName),
      };
  }
}

/** The verdicts when there is no client, because the spec or its Secret cannot be used. */
export function failedVerdicts(error: BridgeError, logsIn: boolean): ConnectionVerdicts {
  const ready = failureVerdict(error);
  const unknown: Verdict = {
    status: 'Unknown',
    reason: ready.reason,
    message: 'Not known while the connection is not ready',
  };
  return logsIn ? { ready, authenticated: unknown } : { ready };
}

export function connectionStatus(
  resource: NacosConnection,
  { adminApi, ambiguous, authenticated, formerInUse, ready, relief, terminating }: ConnectionVerdicts,
  state: ClientState | undefined,
  resources: number,
  nowMs: number,
): NacosConnectionStatus {
  const observedGeneration = resource.metadata.generation ?? 0;
  const verdicts = {
    Ready: ready,
    Authenticated: authenticated,
    // It is asked only when there is something to ask: a restart must not take away what was seen.
    ...(adminApi && { AdminApi: adminApi }),
    Relief: relief,
    FormerInUse: formerInUse,
    Terminating: terminating,
    PublicNamespaceAmbiguous: ambiguous,
  };
  const conditions = setVerdicts(resource.status?.conditions ?? [], verdicts, observedGeneration, nowMs);
  return { ...serverFacts(resource, state), observedGeneration, conditions, resources };
}

/** Since when it is so is the transition time of the condition. */
export function formerVerdict(services: number): Verdict | undefined {
  if (services === 0) return undefined;
  const message =
    `Nacos has not confirmed ${servicesText(services)} with the settings of now, so the former ones are used on for them ` +
    `until it has, or until the operator is restarted: see \`Ready\` and correct \`spec.servers\` or the Secret. If the ` +
    `former credentials must not be used any more, set the annotation ${DROP_FORMER_ANNOTATION}: "true", which withdraws ` +
    'at once what they hold';
  return { status: 'True', reason: 'NotConfirmed', message };
}

export function terminatingVerdict({ metadata }: NacosConnection, resources: number): Verdict | undefined {
  if (metadata.deletionTimestamp === undefined || resources === 0) return undefined;
  const subject = resources === 1 ? '1 resource names it' : `${resources} resources name it`;
  const message =
    `It is to be deleted, and serves until nobody names it any more: ${subject}. Delete them, or have them name another ` +
    `connection; the annotation ${FORCE_FINALIZE_ANNOTATION}: "true" ends it at once, with all that is published over it`;
  return { status: 'True', reason: 'InUse', message };
}

function servicesText(count: number): string {
  return count === 1 ? '1 service' : `${count} services`;
}

/** What was known of the server stays while it cannot be asked. */
function serverFacts({ status }: NacosConnection, state: ClientState | undefined): NacosConnectionStatus {
  if (state?.kind !== 'connected') {
    return { serverVersion: status?.serverVersion, capabilities: status?.capabilities };
  }
  const { adminApi, ...capabilities } = state.capabilities;
  return {
    activeServer: hostAndPort(state.server),
    serverVersion: state.serverVersion,
    capabilities: adminApi === 'none' ? capabilities : { ...capabilities, adminApi },
  };
}

function connectedVerdicts(state: ClientState & { kind: 'connected' }, logsIn: boolean): ConnectionVerdicts {
  const version = state.serverVersion === undefined ? 'of unknown version' : state.serverVersion;
  const message = `Connected to ${hostAndPort(state.server)}, Nacos ${version}`;
  const ready: Verdict = { status: 'True', reason: 'Connected', message };
  if (!logsIn) return { ready };
  return {
    ready,
    authenticated: { status: 'True', reason: 'LoggedIn', message: 'The server accepts the credentials' },
  };
}

const withoutAdminApi =
  'Until then it is not known who wrote a config last, nor its tags and description: edits made here are published, and ' +
  'whatever needs its owner takes the careful side';

/** Nacos 3 is shipped with an admin API that asks for a login although clients need none. */
function adminVerdict(
  { admin }: ClientState & { kind: 'connected' },
  secretName: string | undefined,
): Verdict | undefined {
  const { error, isServing } = admin;
  if (isServing) return { status: 'True', reason: 'Serving', message: 'The admin API tells who wrote a config' };
  if (error === undefined) return undefined;
  const verdict = failureVerdict(error);
  return { ...verdict, message: `${error.message}; ${nextFor(error, secretName)}. ${withoutAdminApi}` };
}

function nextFor({ code }: BridgeError, secretName: string | undefined): string {
  if (code === 'NACOS_UNSUPPORTED')
    return "let the operator reach Nacos' HTTP port, or set `contextPath` of the servers";
  if (secretName === undefined) return 'set `spec.auth` to a user who may read configs by the admin API';
  if (code === 'NACOS_FORBIDDEN') return `give the user of Secret '${secretName}' the right to read there`;
  return `the credentials are those of Secret '${secretName}'`;
}

function refusedVerdicts(error: BridgeError, secretName: string | undefined): ConnectionVerdicts {
  const next = secretName === undefined ? 'set `spec.auth`' : `the credentials are those of Secret '${secretName}'`;
  const refused: Verdict = { ...failureVerdict(error), message: `${error.message}; ${next}` };
  return { ready: refused, authenticated: refused };
}
