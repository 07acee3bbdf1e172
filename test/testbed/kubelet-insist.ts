/** Requests of the small kubelet that must be taken in the end, however long the API server is away. */
import { setTimeout as pause } from 'node:timers/promises';
import { isBridgeError } from '../../operator/errors.ts';

const retryPauseMs = 500;

/** Tries until it is done; undefined when what it is about is gone or has changed, or when `isOver`. */
export async function insist<T>(request: () => Promise<T>, isOver: () => boolean): Promise<T | undefined> {
  while (!isOver()) {
    try {
      return await request();
    } catch (error) {
      if (!isBridgeError(error)) throw error;
      if (isBridgeError(error, 'KUBE_NOT_FOUND', 'KUBE_CONFLICT')) return undefined;
    }
    await pause(retryPauseMs);
  }
  return undefined;
}
