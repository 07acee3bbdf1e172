/**
 * A small kubelet for pods that can run as processes of this machine: it binds the pending pods of one namespace to its
 * node, runs each, probes it, reports it, and stops it as a kubelet does (kubelet-pod.ts). With it `helm install`,
 * `helm upgrade` and `kubectl delete pod` start, roll and stop real processes, without a container engine.
 *
 * Guarantees: level-triggered, by a watch of the namespace's pods; every process ends with its pod and with `stop`.
 * Caveats: images are not looked at, a pod has one container, volumes are Secrets, and there is no isolation: what would be
 * mounted lies in a folder of the pod, and arguments that name it are rewritten. Volumes are read once a pod.
 */
import { randomInt } from 'node:crypto';
import { Registry } from 'prom-client';
import { systemClock } from '../../operator/clock.ts';
import { KubeClient } from '../../operator/kube/client.ts';
import { createKubeMetrics } from '../../operator/kube/metrics.ts';
import { Reflector } from '../../operator/kube/reflector.ts';
import type { ResourceRef } from '../../operator/kube/resource.ts';
import { Store } from '../../operator/kube/store.ts';
import { silentLogger } from '../../operator/logger.ts';
import { insist } from './kubelet-insist.ts';
import { KubeletNode } from './kubelet-node.ts';
import { KubeletPod } from './kubelet-pod.ts';
import type { Pod, PodProgram } from './kubelet-pod.ts';
import type { KubernetesServer } from './kubernetes.ts';

export interface KubeletOptions {
  readonly namespace: string;
  /** The node's name; nothing else may manage its pods. */
  readonly node: string;
  /** The process that plays the container. */
  readonly program: (pod: Pod) => Promise<PodProgram>;
  /** Where logs stay when their pods are gone. @default nowhere */
  readonly logDir?: string;
}

const podRef: ResourceRef = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };

export class Kubelet {
  readonly #kubernetes: KubernetesServer;
  readonly #options: KubeletOptions;
  readonly #client: KubeClient;
  readonly #node: KubeletNode;
  readonly #reflector: Reflector<Pod>;
  readonly #pods = new Map<string, KubeletPod>();
  /** Of the loopback range and this kubelet's own, so that several on a machine do not meet. */
  readonly #addressBlock = `127.${randomInt(2, 255)}.${randomInt(256)}`;
  #lastAddress = 0;
  #isStopped = false;

  private constructor(kubernetes: KubernetesServer, options: KubeletOptions) {
    this.#kubernetes = kubernetes;
    this.#options = options;
    const common = { clock: systemClock, log: silentLogger, metrics: createKubeMetrics(new Registry(), 'kubelet_') };
    const { kubeconfig } = kubernetes;
    const limits = { requestTimeoutMs: 10_000, maxConnections: 16 };
    this.#client = KubeClient.load({ kubeconfig, userAgent: 'kubelet', ...limits, ...common });
    this.#node = new KubeletNode(this.#client, options.node);
    const store = new Store<Pod>();
    store.onChange(({ key, current }) => this.#changed(key, current));
    const namespaces = [options.namespace];
    this.#reflector = new Reflector({ client: this.#client, resource: podRef, namespaces, store, ...common });
  }

  static async start(kubernetes: KubernetesServer, options: KubeletOptions): Promise<Kubelet> {
    const kubelet = new Kubelet(kubernetes, options);
    await kubelet.#node.start();
    kubelet.#reflector.start();
    await kubelet.#reflector.synced();
    return kubelet;
  }

  /** Those that were not asked to go, the oldest first. */
  get pods(): readonly KubeletPod[] {
    return [...this.#pods.values()].filter(({ isLeaving }) => !isLeaving);
  }

  /** Ends all processes; the pods stay as they are in the API server. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#node.stop();
    await this.#reflector.stop();
    await Promise.all([...this.#pods.values()].map((pod) => pod.abandon()));
    await this.#client.close();
  }

  #changed(key: string, pod: Pod | undefined): void {
    const running = this.#pods.get(key);
    if (!pod) {
      this.#pods.delete(key);
      void running?.abandon();
      return;
    }
    if (pod.spec.nodeName === undefined) void this.#bind(pod);
    else if (pod.spec.nodeName !== this.#options.node) return;
    else if (pod.metadata.deletionTimestamp !== undefined) running?.terminate(pod);
    else if (!running) this.#run(key, pod);
    else running.observe(pod);
  }

  async #bind({ metadata }: Pod): Promise<void> {
    const { namespace = '', name } = metadata;
    const target = { apiVersion: 'v1', kind: 'Node', name: this.#options.node };
    const body = { apiVersion: 'v1', kind: 'Binding', metadata: { namespace, name }, target };
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/binding`;
    // Refused when it is gone, or bound already.
    await insist(
      () => this.#client.request({ method: 'POST', path, body }),
      () => this.#isStopped,
    );
  }

  #run(key: string, pod: Pod): void {
    this.#lastAddress += 1;
    const running = new KubeletPod(pod, {
      address: `${this.#addressBlock}.${(this.#lastAddress % 254) + 1}`,
      kubernetes: this.#kubernetes,
      client: this.#client,
      program: this.#options.program,
      logDir: this.#options.logDir,
    });
    this.#pods.set(key, running);
    running.start();
  }
}
