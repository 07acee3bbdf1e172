/**
 * The nodes: one that exists by itself, so that pods have a place, and any that people make. Each is Ready.
 */
import type { Clock } from '../../../operator/clock.ts';
import { conditionOf, timestamp } from './condition.ts';
import type { ControllerContext } from './controller-context.ts';
import type { Condition, Node } from './shapes.ts';
import { keyOf, TypedClient } from './typed-client.ts';
import type { KeyQueue } from './work-loop.ts';

/** Of a node that names none; no pod has it. */
const hostIP = '172.18.0.2';
const capacity = { cpu: '1k', memory: '1Ti', pods: '1M' };

export class Nodes {
  readonly #clock: Clock;
  readonly #nodes: TypedClient<Node>;
  readonly #ownKey: string;
  readonly #queue: KeyQueue;

  constructor({ cluster, view, loop, clock }: ControllerContext, name: string) {
    this.#clock = clock;
    this.#nodes = new TypedClient(cluster, 'v1', 'Node', 'kubelet');
    this.#ownKey = `/${name}`;
    this.#queue = loop.queue('nodes', (key) => this.#sync(key));
    view.on('Node', ({ object }) => this.#queue.add(keyOf(object)));
    this.#queue.add(this.#ownKey);
  }

  get(name: string): Node | undefined {
    return this.#nodes.get(`/${name}`);
  }

  hostIP(name: string): string {
    return this.get(name)?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? hostIP;
  }

  #sync(key: string): void {
    const node = this.#nodes.get(key) ?? (key === this.#ownKey ? this.#register(key.slice(1)) : undefined);
    if (!node || conditionOf(node.status?.conditions, 'Ready')) return;
    const now = timestamp(this.#clock.now());
    const own = [
      { type: 'InternalIP', address: hostIP },
      { type: 'Hostname', address: node.metadata.name },
    ];
    this.#nodes.updateStatus(node, {
      ...node.status,
      capacity,
      allocatable: capacity,
      addresses: node.status?.addresses ?? own,
      nodeInfo,
      conditions: conditions.map((condition) => ({ ...condition, lastHeartbeatTime: now, lastTransitionTime: now })),
    });
  }

  #register(name: string): Node {
    const labels = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' };
    return this.#nodes.create({ metadata: { name, labels }, spec: {} });
  }
}

const conditions: readonly Condition[] = [
  healthy('MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
  healthy('DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
  healthy('PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
  { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
];

function healthy(type: string, reason: string, message: string): Condition {
  return { type, status: 'False', reason, message };
}

const nodeInfo = {
  architecture: 'amd64',
  bootID: '',
  containerRuntimeVersion: 'embedded://1.0',
  kernelVersion: '',
  kubeProxyVersion: '',
  kubeletVersion: 'v1.32.0',
  machineID: '',
  operatingSystem: 'linux',
  osImage: 'embedded',
  systemUUID: '',
};
