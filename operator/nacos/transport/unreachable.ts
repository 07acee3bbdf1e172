/**
 * Says in words why no server could be reached: after a round in which all failed, each one's HTTP port is tried, since an
 * open HTTP port beside a closed gRPC port is the commonest mistake there is (a firewall, a Service or a load balancer
 * that knows the one port only). A server whose gRPC port has answered has told itself what is the matter (it starts, it
 * is at its limit), and no firewall is.
 */
import { BridgeError } from '../../errors.ts';
import type { ServerFailure } from './connection-round.ts';
import type { HttpTransport } from './http-transport.ts';
import type { ConnectionSettings } from './live-connection.ts';
import { shortCause } from './response-errors.ts';
import { hostAndPort } from './server-address.ts';

/** Makes what explains a round; that never rejects. */
export function explainFailures(http: HttpTransport): ConnectionSettings['explain'] {
  return async (failures, signal) => explain(failures, await answersOf(failures, http, signal));
}

/** Whether each server answers over HTTP. */
function answersOf(failures: readonly ServerFailure[], http: HttpTransport, signal: AbortSignal): Promise<boolean[]> {
  const asked = failures.map(({ server }) => http.sendTo(server, { method: 'GET', path: '/', signal }));
  return Promise.all(asked.map((answer) => answer.then(Boolean, () => false)));
}

function explain(failures: readonly ServerFailure[], answers: readonly boolean[]): BridgeError {
  const told = failures.find(({ error }) => !isUnreachable(error));
  if (told) {
    const others = failures.filter((failure) => failure !== told).map(describe);
    return new BridgeError(told.error.code, [told.error.message, ...others].join('; '), causeOf(failures));
  }
  const halfOpen = failures.find((_, index) => answers[index] === true);
  const all = failures.map(describe).join('; ');
  if (!halfOpen) return new BridgeError('NACOS_UNREACHABLE', `no Nacos server answers (${all})`, causeOf(failures));
  const { host, port, grpcPort } = halfOpen.server;
  return new BridgeError(
    'NACOS_GRPC_UNREACHABLE',
    `${host} answers HTTP on port ${port} but not gRPC on port ${grpcPort} (${shortCause(halfOpen.error.message)}): ` +
      'the gRPC port is the HTTP port + 1000 unless grpcPort is set; ' +
      `check that firewalls, Services and load balancers let port ${grpcPort} through`,
    causeOf(failures),
  );
}

function describe({ error, server }: ServerFailure): string {
  return `${hostAndPort(server)}: ${shortCause(error.message)}`;
}

function isUnreachable(error: BridgeError): boolean {
  return error.code === 'NACOS_UNREACHABLE' || error.code === 'TIMEOUT';
}

function causeOf(failures: readonly ServerFailure[]): { cause?: BridgeError } {
  return { cause: failures[0]?.error };
}
