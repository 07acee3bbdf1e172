/**
 * Many services, ten endpoints each.
 *
 *   cold start  operator: from the start of its process until Nacos has confirmed every service
 *               bare:     from its connect until the server has answered the same batches, 20 at a time
 *   requests    what one changed EndpointSlice costs: requests to Nacos, by the operator's own count, and requests to the
 *               API server, by its audit log without Leases; the bare client needs one, and none
 *   memory      resident memory of the operator
 *   replicas    the same of two replicas that start at once
 */
import { eventually } from '../eventually.ts';
import type { OperatorProcess } from '../operator-process.ts';
import type { RealWorld } from '../real/world.ts';
import {
  createServiceNamespace,
  createServices,
  endpointsPerService,
  placesOf,
  serviceName,
  sliceOf,
} from './bench-services.ts';
import { connectBare, forEach } from './bench-world.ts';
import type { BenchWorld } from './bench-world.ts';
import type { Figure } from './figure.ts';

const namespace = 'scale';
const changes = 20;
const limitMs = 240_000;
/** Longer than a status is gathered for, so that each change has its own. */
const betweenMs = 700;
/** Without another subscription they have all been made. */
const standStillMs = 1000;

export interface ScaleFigures {
  readonly figures: readonly Figure[];
  /** Lines for people: what has no twin. */
  readonly notes: readonly string[];
}

/** By one change of an EndpointSlice. */
interface Requests {
  readonly nacos: number;
  readonly kubernetes: number;
  /** By the operator's own measure. */
  readonly lagMs: number;
}

/** `sizes` are numbers of services, ascending. */
export async function measureServiceScale(bench: BenchWorld, sizes: readonly number[]): Promise<ScaleFigures> {
  const { kubernetes, world } = bench;
  await createServiceNamespace(kubernetes, namespace);
  const figures: Figure[] = [];
  const notes = [`resident memory without services: ${await residentMb(world.operator)} MB`];
  let created = 0;
  for (const size of sizes) {
    console.error(`creating ${size} services`);
    await createServices(kubernetes, namespace, created, size);
    created = size;
    await confirmed(world.operator, size);
    console.error(`measuring the requests of a change among ${size} services`);
    const requests = await requestsPerChange(bench, size);
    const name = `requests to Nacos a change, ${size} services`;
    figures.push({ name, unit: 'requests', operator: requests.nacos, bare: 1, better: 'less' });
    notes.push(
      `requests to the API server a change, ${size} services: ${requests.kubernetes.toFixed(2)}`,
      `from an event to its confirmation by Nacos, ${size} services: ${requests.lagMs.toFixed(1)} ms on average`,
    );
    notes.push(
      `resident memory with ${size} services, ${size * endpointsPerService} instances: ${await residentMb(world.operator)} MB`,
    );
    console.error(`measuring the cold start with ${size} services`);
    figures.push(await coldStart(bench, size));
    notes.push(`the same after a cold start: ${await residentMb(world.operator)} MB`);
  }
  return { figures, notes };
}

async function coldStart({ world }: BenchWorld, size: number): Promise<Figure> {
  await world.operator.end('SIGTERM');
  const naming = await seconds(async () => {
    const naming = await connectBare(world, 'naming');
    const numbers = Array.from({ length: size }, (_, number) => number);
    await forEach(numbers, (number) => naming.register('scale-bare', serviceName(number), placesOf(number, 0)));
    return naming;
  });
  naming.result.close();
  const operator = await seconds(async () => {
    await world.operator.start();
    await confirmed(world.operator, size);
  });
  const confirmedAtMs = performance.now();
  // What the server has confirmed it shows a moment later.
  await eventually(limitMs, async () => {
    const shown = (await world.nacos.admin.naming.registered('', namespace)).size;
    if (shown !== size) throw new Error(`Nacos shows ${shown} of ${size} services`);
  });
  console.error(`all are shown ${Math.round(performance.now() - confirmedAtMs)} ms later`);
  const name = `cold start, ${size} services`;
  return { name, unit: 's', operator: operator.seconds, bare: naming.seconds, better: 'less' };
}

async function requestsPerChange({ kubernetes, world }: BenchWorld, size: number): Promise<Requests> {
  // What the creation left to write is written by then.
  await pause(5000);
  await subscribed([world.operator], size);
  const [nacosBefore, kubernetesBefore] = [await nacosRequests(world.operator), await kubernetesRequests(world)];
  const [lagBefore, lagsBefore] = [await lag(world, 'sum'), await lag(world, 'count')];
  for (let change = 1; change <= changes; change += 1) {
    await kubernetes.apply(sliceOf(namespace, Math.floor((change * size) / (changes + 1)), change));
    await pause(betweenMs);
  }
  await pause(3000);
  const [nacosAfter, kubernetesAfter] = [await nacosRequests(world.operator), await kubernetesRequests(world)];
  const lagMs = (1000 * ((await lag(world, 'sum')) - lagBefore)) / ((await lag(world, 'count')) - lagsBefore);
  return {
    nacos: (nacosAfter - nacosBefore) / changes,
    kubernetes: (kubernetesAfter - kubernetesBefore) / changes,
    lagMs,
  };
}

async function lag(world: RealWorld, part: 'sum' | 'count'): Promise<number> {
  return world.operator.metric(`nacos_bridge_service_publish_lag_seconds_${part}`);
}

/** What two replicas cost that start at the same time over the services that there are, as lines for people. */
export async function measureTwoReplicas({ kubernetes, world }: BenchWorld, size: number): Promise<string[]> {
  console.error(`measuring two replicas with ${size} services`);
  const replicas = [world.operator, world.operator.twin('second-replica')];
  await world.operator.end('SIGTERM');
  const starts = await seconds(async () => {
    await Promise.all(replicas.map((replica) => replica.start()));
    await Promise.all(replicas.map((replica) => confirmed(replica, size)));
  });
  // The leader subscribes to what it publishes, which is no cost of a change.
  await subscribed(replicas, size);
  const before = await Promise.all(replicas.map(nacosRequests));
  for (let change = 1; change <= changes; change += 1) {
    // Other places than those of the changes before.
    await kubernetes.apply(sliceOf(namespace, Math.floor((change * size) / (changes + 1)), changes + change));
    await pause(betweenMs);
  }
  const after = await Promise.all(replicas.map(nacosRequests));
  const costs = after.map((count, index) => ((count - (before[index] ?? 0)) / changes).toFixed(2));
  const memory = await Promise.all(replicas.map(residentMb));
  await replicas[1]?.end('SIGTERM');
  return [
    `two replicas, ${size} services: cold start of both at once until both are confirmed: ${starts.seconds.toFixed(1)} s`,
    `two replicas, ${size} services: requests to Nacos a change, each: ${costs.join(' and ')}`,
    `two replicas, ${size} services: resident memory, each: ${memory.join(' and ')} MB`,
  ];
}

async function nacosRequests(replica: OperatorProcess): Promise<number> {
  return replica.metric('nacos_bridge_nacos_requests_total', 'operation="naming_');
}

/** Resolves when the leader has subscribed to all that is published, and no subscription was made for a while. */
async function subscribed(replicas: readonly OperatorProcess[], size: number): Promise<void> {
  const count = async (): Promise<number> => {
    const labels = 'operation="naming_subscribe"';
    const counts = replicas.map((replica) => replica.metric('nacos_bridge_nacos_requests_total', labels));
    return (await Promise.all(counts)).reduce((sum, each) => sum + each, 0);
  };
  let last = await count();
  await eventually(limitMs, async () => {
    await pause(standStillMs);
    const before = last;
    last = await count();
    if (last < size || last !== before) throw new Error(`${last} subscriptions were made to ${size} services`);
  });
}

async function kubernetesRequests(world: RealWorld): Promise<number> {
  const events = await world.kubernetes.auditEvents();
  const isCounted = (verb: string): boolean => verb !== 'watch';
  return events.filter(
    ({ user, verb, objectRef }) =>
      user.username === world.operatorUsername && isCounted(verb) && objectRef?.resource !== 'leases',
  ).length;
}

async function confirmed(replica: OperatorProcess, size: number): Promise<void> {
  await eventually(limitMs, async () => {
    const records = await replica.metric('nacos_bridge_service_records', 'state="confirmed"');
    if (records !== size) throw new Error(`${records} of ${size} services are confirmed`);
  });
}

async function residentMb(replica: OperatorProcess): Promise<number> {
  return Math.round((await replica.metric('process_resident_memory_bytes')) / 1e6);
}

async function seconds<Result>(work: () => Promise<Result>): Promise<{ result: Result; seconds: number }> {
  const beganMs = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - beganMs) / 1000 };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
