/**
 * One round over the servers, each tried once in its turn, until one of them has a connection that is ready for requests.
 */
import type { BridgeError } from '../../errors.ts';
import { errorFields, type LogFields, type Logger } from '../../logger.ts';
import type { Connection } from './connection.ts';
import { bridgeErrorOf } from './response-errors.ts';
import { hostAndPort, type ServerAddress } from './server-address.ts';
import type { ServerList } from './server-list.ts';

export interface ServerFailure {
  readonly server: ServerAddress;
  readonly error: BridgeError;
}

interface Round {
  readonly servers: ServerList;
  /** The one that is not to be tried. */
  readonly left: ServerAddress | undefined;
  readonly log: Logger;
  readonly open: (server: ServerAddress) => Promise<Connection>;
  /** What has to be done before the first request. Resolves to what is worth a word in the log, if anything is. */
  readonly prepare: (connection: Connection) => Promise<LogFields | void>;
  /** Ends the round, and the connection that it has brought. */
  readonly signal: AbortSignal;
}

/** Resolves to the failures of all when there is no connection to be had. */
export async function connectToAny(round: Round): Promise<Connection | readonly ServerFailure[]> {
  const { left, log, servers, signal } = round;
  const failures: ServerFailure[] = [];
  for (const server of servers.round()) {
    if (server === left) continue;
    try {
      const connection = await connectTo(server, round);
      servers.succeeded(server);
      return connection;
    } catch (cause) {
      if (signal.aborted) break;
      const error = bridgeErrorOf(cause);
      servers.failed(server);
      failures.push({ server, error });
      log.debug('a server could not be reached', { server: hostAndPort(server), ...errorFields(error) });
    }
  }
  return failures;
}

async function connectTo(server: ServerAddress, { log, open, prepare, signal }: Round): Promise<Connection> {
  const connection = await open(server);
  endOn(signal, connection);
  try {
    const known = await prepare(connection);
    if (!connection.isOpen) throw await connection.ended;
    log.info('connected', { server: hostAndPort(server), ...known });
    return connection;
  } catch (error) {
    connection.end(bridgeErrorOf(error));
    throw error;
  }
}

/** `prepare` and all that waits for the connection ends with it. */
function endOn(signal: AbortSignal, connection: Connection): void {
  const end = (): void => connection.end(signal.reason as BridgeError);
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  void connection.ended.then(() => signal.removeEventListener('abort', end));
}
