/**
 * Writes the EndpointSlices of Services that select pods. Services without a selector, and slices that carry another
 * manager's label, are somebody else's.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../../operator/clock.ts';
import { timestamp } from './condition.ts';
import { controllerManager } from './controller-context.ts';
import type { ControllerContext } from './controller-context.ts';
import { LabelIndex, SelectorIndex } from './label-index.ts';
import type { Nodes } from './nodes.ts';
import { controllerReference } from './owner-reference.ts';
import { selects } from './selector-match.ts';
import { endpointGroups } from './service-endpoints.ts';
import { planSlices } from './slice-plan.ts';
import type { SliceContents } from './slice-plan.ts';
import type { EndpointSlice, Labels, Pod, Service } from './shapes.ts';
import { keyOf, TypedClient } from './typed-client.ts';
import type { KeyQueue } from './work-loop.ts';

const serviceLabel = 'kubernetes.io/service-name';
const managerLabel = 'endpointslice.kubernetes.io/managed-by';
const headlessLabel = 'service.kubernetes.io/headless';
const manager = 'endpointslice-controller.k8s.io';
const triggerAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';
const zoneLabel = 'topology.kubernetes.io/zone';

export class EndpointSlices {
  readonly #clock: Clock;
  readonly #nodes: Nodes;
  readonly #services: TypedClient<Service>;
  readonly #pods: TypedClient<Pod>;
  readonly #slices: TypedClient<EndpointSlice>;
  readonly #podIndex: LabelIndex;
  readonly #sliceIndex = new LabelIndex();
  readonly #selectors = new SelectorIndex((object) => {
    const matchLabels = (object as Service).spec?.selector;
    return matchLabels && { matchLabels };
  });
  readonly #queue: KeyQueue;

  /** `podIndex` holds all pods by their labels. */
  constructor({ cluster, view, loop, clock }: ControllerContext, podIndex: LabelIndex, nodes: Nodes) {
    this.#clock = clock;
    this.#nodes = nodes;
    this.#services = new TypedClient(cluster, 'v1', 'Service', controllerManager);
    this.#pods = new TypedClient(cluster, 'v1', 'Pod', controllerManager);
    this.#slices = new TypedClient(cluster, 'discovery.k8s.io/v1', 'EndpointSlice', controllerManager);
    this.#podIndex = podIndex;
    this.#queue = loop.queue('endpoint-slices', (key) => this.#sync(key));
    view.on('Service', (change) => {
      this.#selectors.apply(change);
      this.#queue.add(keyOf(change.object));
    });
    view.on('Pod', ({ object, previous }) => {
      for (const pod of previous ? [previous, object] : [object]) this.#addServicesOf(pod as Pod);
    });
    view.on('discovery.k8s.io/EndpointSlice', (change) => {
      this.#sliceIndex.apply(change);
      const { namespace = '', labels = {} } = change.object.metadata;
      if (labels[managerLabel] === manager) this.#queue.add(`${namespace}/${labels[serviceLabel] ?? ''}`);
    });
    view.on('Node', ({ object: node, previous }) => {
      if (node.metadata.labels?.[zoneLabel] === previous?.metadata.labels?.[zoneLabel]) return;
      for (const pod of view.instancesOf('Pod')) {
        if ((pod.object as Pod).spec.nodeName === node.metadata.name) this.#addServicesOf(pod.object as Pod);
      }
    });
  }

  #addServicesOf({ metadata }: Pod): void {
    for (const key of this.#selectors.candidates(metadata.namespace ?? '', metadata.labels)) this.#queue.add(key);
  }

  #sync(key: string): void {
    const service = this.#services.get(key);
    const selector = service?.spec?.selector;
    if (!service || !selector || service.metadata.deletionTimestamp !== undefined) return;
    if (service.spec?.type === 'ExternalName') return;
    const { namespace = '', name } = service.metadata;
    const pods = found(this.#podIndex.candidates(namespace, selector), this.#pods).filter(({ metadata }) =>
      selects({ matchLabels: selector }, metadata.labels),
    );
    const existing = found(this.#sliceIndex.candidates(namespace, { [serviceLabel]: name }), this.#slices).filter(
      isOurs,
    );
    const groups = endpointGroups(service, pods, (nodeName) => this.#nodes.get(nodeName)?.metadata.labels?.[zoneLabel]);
    const { create, keep, remove } = planSlices(existing, groups);
    for (const contents of create) this.#create(service, contents);
    for (const { slice, ...contents } of keep) this.#update(service, slice, contents);
    for (const slice of remove) this.#slices.delete(slice);
  }

  #create(service: Service, contents: SliceContents): void {
    const { namespace, name } = service.metadata;
    this.#slices.create({
      metadata: {
        name: '',
        generateName: `${name}-`,
        namespace,
        labels: labelsOf(service),
        annotations: { [triggerAnnotation]: timestamp(this.#clock.now()) },
        ownerReferences: [controllerReference(service)],
      },
      addressType: service.spec?.ipFamilies?.[0] ?? 'IPv4',
      ...contents,
    });
  }

  #update(service: Service, slice: EndpointSlice, { endpoints, ports }: SliceContents): void {
    const labels = labelsOf(service);
    const isSame =
      isDeepStrictEqual(slice.endpoints ?? [], endpoints) &&
      isDeepStrictEqual(slice.ports ?? [], ports) &&
      isDeepStrictEqual(slice.metadata.labels, labels);
    if (isSame) return;
    const annotations = { ...slice.metadata.annotations, [triggerAnnotation]: timestamp(this.#clock.now()) };
    this.#slices.update({ ...slice, metadata: { ...slice.metadata, labels, annotations }, endpoints, ports });
  }
}

function found<T extends Service | Pod | EndpointSlice>(keys: Iterable<string>, client: TypedClient<T>): T[] {
  return Array.from(keys, (key) => client.get(key)).filter((object) => object !== undefined);
}

function isOurs({ metadata }: EndpointSlice): boolean {
  return metadata.labels?.[managerLabel] === manager && metadata.deletionTimestamp === undefined;
}

/** Those of the Service, and those that say whose the slice is. */
function labelsOf({ metadata, spec }: Service): Labels {
  return {
    ...metadata.labels,
    ...(spec?.clusterIP === 'None' ? { [headlessLabel]: '' } : {}),
    [managerLabel]: manager,
    [serviceLabel]: metadata.name,
  };
}
