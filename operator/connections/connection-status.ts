/**
 * What a NacosConnection says of itself: the state of its client in conditions, and what the server can do.
 *
 * Pure. While the first attempt is under way nothing is known, and `connecting` says so by being undefined: a restart
 * of the operator must not write a status for each connection twice.
 */
import type { NacosConnectionStatus } from '../api/generated/nacos-connection.ts';
import type { NacosConnection } from '../api/resources.ts';
import type { BridgeError } from '../errors.ts';
import { failureVerdict, setVerdicts, type Verdict } from '../kube/conditions.ts';
import { type ClientState, hostAndPort } from '../nacos/index.ts';

export interface ConnectionVerdicts {
  ready: Verdict;
  /** Absent when it does not log in. */
  authenticated?: Verdict;
  /** Absent while the replicas can relieve each other, or need not. */
  relief?: Verdict;
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
      return state.authError === undefined
        ? connectedVerdicts(state, logsIn)
        : refusedVerdicts(state.authError, secretName);
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
  { ready, authenticated, relief }: ConnectionVerdicts,
  state: ClientState | undefined,
  resources: number,
  nowMs: number,
): NacosConnectionStatus {
  const observedGeneration = resource.metadata.generation ?? 0;
  const verdicts = { Ready: ready, Authenticated: authenticated, Relief: relief };
  const conditions = setVerdicts(resource.status?.conditions ?? [], verdicts, observedGeneration, nowMs);
  return { ...serverFacts(resource, state), observedGeneration, conditions, resources };
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

function refusedVerdicts(error: BridgeError, secretName: string | undefined): ConnectionVerdicts {
  const next = secretName === undefined ? 'set `spec.auth`' : `the credentials are those of Secret '${secretName}'`;
  const refused: Verdict = { ...failureVerdict(error), message: `${error.message}; ${next}` };
  return { ready: refused, authenticated: refused };
}
