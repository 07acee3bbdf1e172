/**
 * Whether a port that a person chose can be listened on, found out before anything is started, so that the message can
 * name the flag.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { BridgeError, messageOf } from '../../operator/errors.ts';

/** @throws INVALID_OPTION, naming the port and the flag; 0 is always free */
export async function assertPortIsFree(flag: string, port: number, why = ''): Promise<void> {
  if (port === 0) return;
  const server = createServer().listen({ port, host: '127.0.0.1', exclusive: true });
  try {
    await once(server, 'listening');
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    const what = isTaken ? 'is taken' : `cannot be listened on: ${messageOf(error)}`;
    const message = `${flag}: port ${port}${why} ${what}; choose another, or 0 for a free one`;
    throw new BridgeError('INVALID_OPTION', message, { cause: error });
  }
  await once(server.close(), 'close');
}
