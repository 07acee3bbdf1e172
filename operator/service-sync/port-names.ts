/**
 * The ports of a Service that are published, and the names that they have in Nacos. Pure.
 *
 * The first has the name of the service, each other one the name with `-` and the name of the port behind it; where ports
 * are listed, the first of the list is the first, and an entry may name its service itself. Without a list only TCP ports
 * are published: an instance in Nacos has no protocol, and whoever calls one expects TCP.
 */
import type { Problem } from './problem.ts';
import type { PortRule, Service, ServiceExport, ServicePort } from './service-export.ts';

interface NamedPort {
  /** In Nacos. */
  serviceName: string;
  /** As EndpointSlices name it: '' for a port without a name. */
  portName: string;
}

export function namePorts(service: Service, rules: ServiceExport): { ports: NamedPort[]; problems: Problem[] } {
  const { ports: list, serviceName } = rules;
  if (service.spec?.type === 'ExternalName') {
    const message = 'nothing can be published: it is of the type ExternalName, which has no endpoints';
    return { ports: [], problems: [{ field: 'source', message }] };
  }
  const own = service.spec?.ports ?? [];
  const expand = (template: string) => template.replaceAll('{service}', service.metadata.name);
  const name = expand(serviceName);
  if (list === undefined) {
    const ports = own.filter(isTcp).map((port, position) => named(port, byPosition(name, port, position)));
    return { ports, problems: ports.length === 0 ? [nothing(own)] : [] };
  }
  const chosen = list.flatMap((rule) => {
    const port = own.find((candidate) => isMeant(candidate, rule));
    return port === undefined ? [] : [{ port, template: rule.serviceName }];
  });
  const ports = chosen.map(({ port, template }, position) =>
    named(port, template === undefined ? byPosition(name, port, position) : expand(template)),
  );
  if (ports.length === 0) {
    return {
      ports,
      problems: [
        {
          field: 'ports',
          message: `nothing can be published: it has none of the ports that are listed; it has ${shown(own)}`,
        },
      ],
    };
  }
  const absent = rules.needsPorts ? list.filter((rule) => !own.some((port) => isMeant(port, rule))) : [];
  const problems = absent.map((rule) => ({
    field: 'ports',
    message: `${asked(rule)} is none of its ports; it has ${shown(own)}`,
  }));
  return { ports, problems };
}

function isTcp({ protocol = 'TCP' }: ServicePort): boolean {
  return protocol === 'TCP';
}

function nothing(ports: readonly ServicePort[]): Problem {
  const field = 'ports';
  if (ports.length === 0) return { field, message: 'nothing can be published: it has no ports' };
  return {
    field,
    message: `nothing can be published: it has ${shown(ports)}, and only TCP ports are published unless a NacosService lists others in \`ports\``,
  };
}

function isMeant(candidate: ServicePort, { port }: PortRule): boolean {
  return 'name' in port ? candidate.name === port.name : candidate.port === port.number;
}

function asked({ port }: PortRule): string {
  return 'name' in port ? `'${port.name}'` : String(port.number);
}

function shown(ports: readonly ServicePort[]): string {
  if (ports.length === 0) return 'no ports';
  const texts = ports.map(({ name, port, protocol }) => {
    return [name, port, isTcp({ port, protocol }) ? undefined : protocol]
      .filter((part) => part !== undefined)
      .join(' ');
  });
  return texts.slice(0, 10).join(', ');
}

function byPosition(name: string, port: ServicePort, position: number): string {
  return position === 0 ? name : `${name}-${port.name ?? port.port}`;
}

function named({ name = '' }: ServicePort, serviceName: string): NamedPort {
  return { serviceName, portName: name };
}
