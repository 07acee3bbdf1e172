/**
 * Loaded by mocha before any test: the processes that tests start by the hundred read the sources compiled, from a cache
 * beside the dependencies, which saves each of them a third of its work. Coverage needs what is compiled anew.
 */
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

if (process.env['NODE_V8_COVERAGE'] === undefined) {
  process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '../node_modules/.cache/node-compile-cache');
  enableCompileCache();
}
