/** What is published of a Service, and what is known of an export, for tests. */
import type { Publication, PublishedRecord } from '../../operator/service-sync/publications.ts';
import { exportOfResource } from '../../operator/service-sync/service-export.ts';
import type { ServiceFindings } from '../../operator/service-sync/verdicts.ts';
import { host } from './hosts.ts';
import { nacosService } from './objects.ts';

/** With one record of two instances. */
export function publication(changes: Partial<Publication> = {}, record: Partial<PublishedRecord> = {}): Publication {
  const address = {
    connection: '(default)',
    client: {} as PublishedRecord['address']['client'],
    servers: [],
    service: { namespaceId: '', group: 'DEFAULT_GROUP', serviceName: 'orders' },
  };
  const counts = { total: 3, ready: 2, draining: 1, published: 2 };
  const instances = [host('10.0.0.1'), host('10.0.0.2')];
  const records = new Map([['orders', { address, instances, counts, state: 'confirmed' as const, ...record }]]);
  return { export: exportOfResource(nacosService()), rank: '1', records, problems: [], isKnown: true, ...changes };
}

/** The first is of the Service `shop/orders`. */
export function findings(publications: Publication[], changes: Partial<ServiceFindings> = {}): ServiceFindings {
  const named = publications.map((one, index) => [`shop/orders${index || ''}`, one] as const);
  return { publications: named, expected: publications.length, named: undefined, held: 0, shown: [], ...changes };
}
