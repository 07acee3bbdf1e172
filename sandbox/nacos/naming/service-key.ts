/**
 * What names a service. Namespaces are literal here: '' and 'public' are two of them, as over the real gRPC protocol.
 */
export interface ServiceKey {
  readonly namespaceId: string;
  readonly group: string;
  /** Bare, without the group. */
  readonly name: string;
}

const defaultGroup = 'DEFAULT_GROUP';
const separator = '@@';

/** For maps, and what fuzzy watches are told. */
export function serviceText({ namespaceId, group, name }: ServiceKey): string {
  return [namespaceId, group, name].join(separator);
}

export function groupedName({ group, name }: Pick<ServiceKey, 'group' | 'name'>): string {
  return `${group}${separator}${name}`;
}

/** Of `group@@name`, or of a bare name of the default group. */
export function parseGroupedName(text: string): Pick<ServiceKey, 'group' | 'name'> {
  const at = text.indexOf(separator);
  if (at < 0) return { group: defaultGroup, name: text };
  return { group: text.slice(0, at), name: text.slice(at + separator.length) };
}
