/**
 * Whether a dataId may be used at all, asked before Nacos is asked for anything: by what its connection allows, and by what it
 * is called. (What begins with `cipher-` is encrypted by the clients of Nacos, before they publish it and after they have
 * read it; one that does neither would store plain text there, and hand out ciphertext.)
 */
import type { ConnectionHandle } from '../connections/connection-directory.ts';
import { BridgeError } from '../errors.ts';
import type { ConfigKey } from '../nacos/index.ts';

const ENCRYPTED_PREFIX = 'cipher-';

/** Whether the clients of Nacos encrypt its content. */
export function isEncrypted(dataId: string): boolean {
  return dataId.startsWith(ENCRYPTED_PREFIX);
}

/**
 * `namespace` is the one of the resource.
 *
 * @throws BridgeError NOT_ALLOWED, ENCRYPTION_UNSUPPORTED
 */
export function checkUse(
  { allowance }: Pick<ConnectionHandle, 'allowance'>,
  namespace: string | undefined,
  config: ConfigKey,
): void {
  allowance.checkConfig(namespace ?? '', config);
  const { dataId } = config;
  if (!isEncrypted(dataId)) return;
  const shown = dataId.slice(0, 100);
  const rule = `must not begin with '${ENCRYPTED_PREFIX}', since Nacos' clients encrypt such content and that is not supported yet`;
  throw new BridgeError('ENCRYPTION_UNSUPPORTED', `dataId '${shown}' ${rule}; choose another dataId`);
}
