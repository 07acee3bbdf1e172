/**
 * Where the testbed keeps what it built: one folder a part and version under the user's cache folder, so that an upgrade
 * builds anew, checkouts share what is equal, and deleting the folder is always safe.
 *
 * `$NACOS_TESTBED_CACHE`, else `$XDG_CACHE_HOME/nacos-bridge`, else `~/.cache/nacos-bridge`.
 */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  const own = env['NACOS_TESTBED_CACHE'];
  if (own) return resolve(own);
  const xdg = env['XDG_CACHE_HOME'];
  return xdg ? join(resolve(xdg), 'nacos-bridge') : join(homedir(), '.cache', 'nacos-bridge');
}
