/**
 * Writes the EndpointSlices of Services that select pods. Services without a selector, and slices that carry another
 * manager's label, are somebody else's.
 */
import { isDeepStrictEqual } from 'node:util';
import { selects } from '../label-selector.ts';
import type { Labels } from '../label-selector.ts';
import { timeText } from '../server-fields.ts';
import type { ControllerContext } from './controllers.ts';
import type { Nodes } from './nodes.ts';
import { controllerReference } from './owner-reference.ts';
import type { EndpointSlice, Pod, Service } from './shapes.ts';
import { endpointGroups, planSlices } from './slice-plan.ts';
import type { EndpointGroup } from './slice-plan.ts';
import { keyOf, TypedClient } from './typed-client.ts';
import type { KeyQueue } from './work-loop.ts';

const serviceLabel = 'kubernetes.io/service-name';
const managerLabel = 'endpointslice.kubernetes.io/managed-by';
const headlessLabel = 'service.kubernetes.io/headless';
const manager = 'endpointslice-controller.k8s.io';
const triggerAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';
const zoneLabel = 'topology.kubernetes.io/zone';

export class EndpointSlices {
  readonly #context: ControllerContext;
  readonly #nodes: Nodes;
  readonly #services: TypedClient<Service>;
  readonly #pods: TypedClient<Pod>;
  readonly #slices: TypedClient<EndpointSlice>;
  readonly #queue: KeyQueue;

  constructor(context: ControllerContext, nodes: Nodes) {
    const { cluster, loop, view } = context;
    this.#context = context;
    this.#nodes = nodes;
    this.#services = new TypedClient(cluster, 'v1', 'Service');
    this.#pods = new TypedClient(cluster, 'v1', 'Pod');
    this.#slices = new TypedClient(cluster, 'discovery.k8s.io/v1', 'EndpointSlice');
    this.#queue = loop.queue('endpoint-slices', (key) => this.#sync(key));
    view.on('Service', ({ object }) => this.#queue.add(keyOf(object)));
    view.on('Pod', ({ object, previous }) => {
      const { namespace } = object.metadata;
      const isFitting = (service: Service): boolean =>
        [object, previous].some((pod) => pod !== undefined && isSelected(service, pod as Pod));
      for (const service of this.#services.list(namespace).filter(isFitting)) this.#queue.add(keyOf(service));
    });
    view.on('discovery.k8s.io/EndpointSlice', ({ object }) => {
      const { namespace = '', labels = {} } = object.metadata;
      if (labels[managerLabel] === manager) this.#queue.add(`${namespace}/${labels[serviceLabel] ?? ''}`);
    });
    view.on('Node', ({ object: node, previous }) => {
      if (node.metadata.labels?.[zoneLabel] === previous?.metadata.labels?.[zoneLabel]) return;
      for (const service of this.#services.list()) this.#queue.add(keyOf(service));
    });
  }

  #sync(key: string): void {
    const service = this.#services.get(key);
    const { selector, type } = service?.spec ?? {};
    if (!service || !selector || type === 'ExternalName' || service.metadata.deletionTimestamp !== undefined) return;
    const { namespace, name } = service.metadata;
    const pods = this.#pods.list(namespace).filter((pod) => isSelected(service, pod));
    const ours = { matchLabels: { [managerLabel]: manager, [serviceLabel]: name } };
    const existing = this.#slices
      .list(namespace)
      .filter(({ metadata }) => selects(ours, metadata.labels) && metadata.deletionTimestamp === undefined);
    const groups = endpointGroups(service, pods, (node) => this.#nodes.get(node)?.metadata.labels?.[zoneLabel]);
    const { create, keep, remove } = planSlices(existing, groups);
    for (const contents of create) this.#create(service, contents);
    for (const { slice, ...contents } of keep) this.#update(service, slice, contents);
    for (const slice of remove) this.#slices.delete(slice);
  }

  #create(service: Service, contents: EndpointGroup): void {
    const { namespace, name } = service.metadata;
    this.#slices.create({
      metadata: {
        name: '',
        generateName: `${name}-`,
        namespace,
        labels: labelsOf(service),
        annotations: this.#trigger(),
        ownerReferences: [controllerReference(service)],
      },
      addressType: service.spec?.ipFamilies?.[0] ?? 'IPv4',
      ...contents,
    });
  }

  #update(service: Service, slice: EndpointSlice, { endpoints, ports }: EndpointGroup): void {
    const labels = labelsOf(service);
    const wanted = [endpoints, ports, labels];
    if (isDeepStrictEqual(wanted, [slice.endpoints ?? [], slice.ports ?? [], slice.metadata.labels])) return;
    const annotations = { ...slice.metadata.annotations, ...this.#trigger() };
    this.#slices.update({ ...slice, metadata: { ...slice.metadata, labels, annotations }, endpoints, ports });
  }

  #trigger(): Labels {
    return { [triggerAnnotation]: timeText(this.#context.clock.now()) };
  }
}

function isSelected({ spec }: Service, { metadata }: Pod): boolean {
  return spec?.selector !== undefined && selects({ matchLabels: spec.selector }, metadata.labels);
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
