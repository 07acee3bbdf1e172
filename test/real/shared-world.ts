/**
 * One world for all mocha files of a process: started by the first test that asks for it, stopped after the last test.
 * `TEST_NACOS` says with which Nacos, 3.1 unless told.
 */
import type { NacosVersion } from '../testbed/nacos.ts';
import { startWorld } from './world.ts';
import type { RealWorld } from './world.ts';

const asked = process.env['TEST_NACOS'];

/** Whether this process is a lane of `npm run test:real`. */
export const isLane = asked !== undefined;

export const nacosVersion: NacosVersion = asked === '2.3' ? '2.3' : '3.1';

/** How long the start of all servers may take, in milliseconds; the limit of the hook that asks first. */
export const startLimitMs = 120_000;

let started: Promise<RealWorld> | undefined;

export function sharedWorld(): Promise<RealWorld> {
  started ??= startWorld(nacosVersion);
  return started;
}

after(async function () {
  this.timeout(60_000);
  await (await started)?.stop();
});
