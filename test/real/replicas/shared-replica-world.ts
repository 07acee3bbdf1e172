/**
 * One world of replicas for all mocha files of a process: started by the first test that asks for it, stopped after the last
 * test. Each test leaves it settled.
 */
import { sideName } from './nacos-side.ts';
import { ReplicaWorld } from './replica-world.ts';

/** How long the start of all servers may take, in milliseconds; the limit of the hook that asks first. */
export const startLimitMs = 300_000;

let started: Promise<ReplicaWorld> | undefined;

export function sharedReplicaWorld(): Promise<ReplicaWorld> {
  started ??= ReplicaWorld.start(sideName);
  return started;
}

after(async function () {
  this.timeout(60_000);
  await (await started)?.stop();
});
