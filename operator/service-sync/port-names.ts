/**
 * Which ports of a Service are published, and under which names in Nacos.
 *
 * Pure. The first has the name of the service, each other one the name with `-` and the name of the port behind it;
 * where the ports are listed, the first of the list is the first, and an entry may name its service itself.
 */
import type { Service, ServicePort } from './kube-objects.ts';
import type { ServiceExport } from './service-export.ts';

export interface NamedPort {
  /** In Nacos. */
  serviceName: string;
  /** As EndpointSlices name it: '' for a port without a name. */
  portName: string;
}

export function namePorts(service: Service, { ports: rules, serviceName }: ServiceExport): NamedPort[] {
  const ports = service.spec?.ports ?? [];
  const expand = (template: string) => template.replaceAll('{service}', service.metadata.name);
  const name = expand(serviceName);
  if (rules === undefined) return ports.map((port, position) => named(port, byPosition(name, port, position)));
  const chosen = rules.flatMap((rule) => {
    const port = ports.find((candidate) => isMeant(candidate, rule.port));
    return port === undefined ? [] : [{ port, own: rule.serviceName }];
  });
  return chosen.map(({ port, own }, position) =>
    named(port, own === undefined ? byPosition(name, port, position) : expand(own)),
  );
}

function isMeant(port: ServicePort, wanted: { name: string } | { number: number }): boolean {
  return 'name' in wanted ? port.name === wanted.name : port.port === wanted.number;
}

function byPosition(name: string, port: ServicePort, position: number): string {
  return position === 0 ? name : `${name}-${port.name ?? port.port}`;
}

function named({ name = '' }: ServicePort, serviceName: string): NamedPort {
  return { serviceName, portName: name };
}
