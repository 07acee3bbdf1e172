/**
 * Many services, ten endpoints each.
 *
 *   cold start  operator: from the start of its process until Nacos has confirmed every service
 *               bare:     from its connect until the server has answered the same batches, 20 at a time
 *   requests    what one changed EndpointSlice costs: requests to Nacos, by the operator's own count, and requests to the
 *               API server, by its audit log without Leases; the bare client needs one, and none
 *   memory      resident memory of the operator
 */
import { eventually } from '../real/eventually.ts';
import type { World } from '../real/world.ts';
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
  const notes = [`resident memory without services: ${await residentMb(world)} MB`];
  let created = 0;
  for (const size of sizes) {
    console.error(`creating ${size} services`);
    await createServices(kubernetes, namespace, created, size);
    created = size;
    await confirmed(world, size);
    console.error(`measuring the requests of a change among ${size} services`);
    const requests = await requestsPerChange(bench, size);
    const name = `requests to Nacos a change, ${size} services`;
    figures.push({ name, unit: 'requests', operator: requests.nacos, bare: 1, better: 'less' });
    notes.push(
      `requests to the API server a change, ${size} services: ${requests.kubernetes.toFixed(2)}`,
      `from an event to its confirmation by Nacos, ${size} services: ${requests.lagMs.toFixed(1)} ms on average`,
    );
    notes.push(
      `resident memory with ${size} services, ${size * endpointsPerService} instances: ${await residentMb(world)} MB`,
    );
    console.error(`measuring the cold start with ${size} services`);
    figures.push(await coldStart(bench, size));
    notes.push(`the same after a cold start: ${await residentMb(world)} MB`);
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
    await confirmed(world, size);
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
  const [nacosBefore, kubernetesBefore] = [await nacosRequests(world), await kubernetesRequests(world)];
  const [lagBefore, lagsBefore] = [await lag(world, 'sum'), await lag(world, 'count')];
  for (let change = 1; change <= changes; change += 1) {
    await kubernetes.apply(sliceOf(namespace, Math.floor((change * size) / (changes + 1)), change));
    await pause(betweenMs);
  }
  await pause(3000);
  const [nacosAfter, kubernetesAfter] = [await nacosRequests(world), await kubernetesRequests(world)];
  const lagMs = (1000 * ((await lag(world, 'sum')) - lagBefore)) / ((await lag(world, 'count')) - lagsBefore);
  return {
    nacos: (nacosAfter - nacosBefore) / changes,
    kubernetes: (kubernetesAfter - kubernetesBefore) / changes,
    lagMs,
  };
}

async function lag(world: World, part: 'sum' | 'count'): Promise<number> {
  return world.operator.metric(`nacos_bridge_service_publish_lag_seconds_${part}`);
}

async function nacosRequests(world: World): Promise<number> {
  return world.operator.metric('nacos_bridge_nacos_requests_total', 'operation="naming_');
}

async function kubernetesRequests(world: World): Promise<number> {
  const events = await world.kubernetes.auditEvents();
  const isCounted = (verb: string): boolean => verb !== 'watch';
  return events.filter(
    ({ user, verb, objectRef }) =>
      user.username === world.operatorUsername && isCounted(verb) && objectRef?.resource !== 'leases',
  ).length;
}

async function confirmed(world: World, size: number): Promise<void> {
  await eventually(limitMs, async () => {
    const records = await world.operator.metric('nacos_bridge_service_records', 'state="confirmed"');
    if (records !== size) throw new Error(`${records} of ${size} services are confirmed`);
  });
}

async function residentMb(world: World): Promise<number> {
  return Math.round((await world.operator.metric('process_resident_memory_bytes')) / 1e6);
}

async function seconds<Result>(work: () => Promise<Result>): Promise<{ result: Result; seconds: number }> {
  const beganMs = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - beganMs) / 1000 };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
