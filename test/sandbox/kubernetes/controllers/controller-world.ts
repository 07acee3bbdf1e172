/** An embedded cluster with its controllers under a clock that the test moves; no server, no sockets. */
import { silentLogger } from '../../../../operator/logger.ts';
import type { Logger } from '../../../../operator/logger.ts';
import type { Change } from '../../../../sandbox/kubernetes/cluster.ts';
import { startControllers } from '../../../../sandbox/kubernetes/controllers/controllers.ts';
import type { ControllerOptions, Controllers } from '../../../../sandbox/kubernetes/controllers/controllers.ts';
import { EmbeddedCluster } from '../../../../sandbox/kubernetes/embedded-cluster.ts';
import type { KubeObject } from '../../../../sandbox/kubernetes/object.ts';
import type { ResourceType } from '../../../../sandbox/kubernetes/resource-type.ts';
import { serveCustomResources } from '../../../../sandbox/kubernetes/types/custom-resources.ts';
import { TypeRegistry } from '../../../../sandbox/kubernetes/types/type-registry.ts';
import { FakeClock, settle } from '../../../fake-clock.ts';

export interface Manifest {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

const apiVersions: Readonly<Record<string, string>> = {
  CustomResourceDefinition: 'apiextensions.k8s.io/v1',
  Deployment: 'apps/v1',
  EndpointSlice: 'discovery.k8s.io/v1',
  ReplicaSet: 'apps/v1',
};

export class ControllerWorld {
  readonly clock = new FakeClock();
  readonly cluster: EmbeddedCluster;
  readonly changes: Change[] = [];
  readonly #stopTypes: () => void;
  #controllers: Controllers | undefined;

  constructor() {
    const types = new TypeRegistry();
    this.cluster = new EmbeddedCluster({ types, clock: this.clock });
    this.#stopTypes = serveCustomResources(this.cluster, types, this.clock);
    this.cluster.onChange((change) => this.changes.push(change));
    this.create({ kind: 'Namespace', metadata: { name: 'default' } });
  }

  /** A world with running controllers, at rest. */
  static async start(options: Partial<ControllerOptions> = {}): Promise<ControllerWorld> {
    const world = new ControllerWorld();
    world.startControllers(options);
    await world.rest();
    return world;
  }

  startControllers(options: Partial<ControllerOptions> = {}, log: Logger = silentLogger): void {
    this.#controllers = startControllers(this.cluster, {
      clock: this.clock,
      log,
      rootCertificate: 'PEM',
      ...options,
    });
  }

  stop(): void {
    this.#controllers?.stop();
    this.#stopTypes();
  }

  type(kind: string, apiVersion = apiVersions[kind] ?? 'v1'): ResourceType {
    const type = this.cluster.types.findKind(apiVersion, kind);
    if (!type) throw new Error(`no type ${kind} of ${apiVersion}`);
    return type;
  }

  /** In the namespace default unless it says another one. */
  create({ apiVersion, ...manifest }: Manifest): KubeObject {
    const type = this.type(manifest.kind, apiVersion);
    const place = type.namespaced ? { namespace: 'default' } : {};
    const object = { apiVersion: apiVersion ?? apiVersions[manifest.kind] ?? 'v1', ...manifest };
    const metadata = { ...place, ...manifest.metadata };
    return this.cluster.create(type, { ...object, metadata }, { manager: 'test' });
  }

  get(kind: string, name: string, namespace = 'default', apiVersion?: string): KubeObject | undefined {
    const type = this.type(kind, apiVersion);
    return this.cluster.get(type, type.namespaced ? namespace : '', name);
  }

  list(kind: string, namespace = 'default', apiVersion?: string): readonly KubeObject[] {
    return this.cluster.list(this.type(kind, apiVersion), namespace);
  }

  patch(kind: string, name: string, patch: object, subresource?: 'status', namespace = 'default'): KubeObject {
    const type = this.type(kind);
    const options = { manager: 'test', ...(subresource ? { subresource } : {}) };
    return this.cluster.patch(type, type.namespaced ? namespace : '', name, 'merge', patch, options);
  }

  delete(
    kind: string,
    name: string,
    options: Parameters<EmbeddedCluster['delete']>[3] = {},
    namespace = 'default',
  ): void {
    const type = this.type(kind);
    this.cluster.delete(type, type.namespaced ? namespace : '', name, options);
  }

  /** Until the controllers have nothing left to do at this time. */
  async rest(): Promise<void> {
    do await settle();
    while (this.#controllers && !this.#controllers.isIdle);
    await settle();
  }

  /** Moves time in steps, so that what follows from a timer starts its own timers in time. */
  async advance(byMs: number, stepMs = 10): Promise<void> {
    await this.rest();
    for (let passedMs = 0; passedMs < byMs; passedMs += stepMs) {
      await this.clock.advance(Math.min(stepMs, byMs - passedMs));
      await this.rest();
    }
  }
}
