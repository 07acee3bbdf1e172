/**
 * The nodes: one that exists by itself, so that pods have a place, and any that people make. Each is Ready.
 */
import type { Clock } from '../../../operator/clock.ts';
import { timeText } from '../server-fields.ts';
import type { ControllerContext } from './controllers.ts';
import { conditionOf } from './shapes.ts';
import type { Node } from './shapes.ts';
import { keyOf, TypedClient } from './typed-client.ts';

/** Of a node that names none; no pod has it. */
const hostIP = '172.18.0.2';
const capacity = { cpu: '1k', memory: '1Ti', pods: '1M' };
const nodeInfo = { architecture: 'amd64', kubeletVersion: 'v1.36.3', operatingSystem: 'linux', osImage: 'embedded' };

export class Nodes {
  readonly #clock: Clock;
  readonly #nodes: TypedClient<Node>;
  readonly #ownName: string;

  constructor({ cluster, view, loop, clock }: ControllerContext, ownName: string) {
    this.#clock = clock;
    this.#nodes = new TypedClient(cluster, 'v1', 'Node');
    this.#ownName = ownName;
    const queue = loop.queue('nodes', (key) => this.#sync(key));
    view.on('Node', ({ object }) => queue.add(keyOf(object)));
    queue.add(`/${ownName}`);
  }

  get(name: string): Node | undefined {
    return this.#nodes.get(`/${name}`);
  }

  hostIP(name: string): string {
    return this.get(name)?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? hostIP;
  }

  /** Where the next pod goes: the own node, else any other that is not cordoned; undefined when all are. */
  schedulable(): string | undefined {
    const names = this.#nodes
      .list()
      .filter(({ spec }) => spec?.unschedulable !== true)
      .map(({ metadata }) => metadata.name);
    return names.includes(this.#ownName) ? this.#ownName : names[0];
  }

  #sync(key: string): void {
    const node = this.#nodes.get(key) ?? (key === `/${this.#ownName}` ? this.#register() : undefined);
    if (!node || conditionOf(node.status?.conditions, 'Ready')) return;
    const now = timeText(this.#clock.now());
    const times = { lastHeartbeatTime: now, lastTransitionTime: now };
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
      conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'the node is played', ...times }],
    });
  }

  #register(): Node {
    const name = this.#ownName;
    const labels = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' };
    return this.#nodes.create({ metadata: { name, labels }, spec: {} });
  }
}
