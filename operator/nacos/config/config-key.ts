/**
 * What names one configuration. The public namespace has two names in Nacos, '' and 'public', and servers differ in which
 * they take and give: '' is what all understand in requests, so it is the only one in use here.
 */
export interface ConfigKey {
  /** '' is the public namespace. */
  readonly namespaceId: string;
  readonly group: string;
  readonly dataId: string;
}

export function normaliseKey({ namespaceId, group, dataId }: ConfigKey): ConfigKey {
  return { namespaceId: normaliseNamespaceId(namespaceId), group, dataId };
}

/** '' for both names of the public namespace. */
export function normaliseNamespaceId(namespaceId: string): string {
  return namespaceId === 'public' ? '' : namespaceId;
}

/** For maps. None of the three parts may hold a blank, so no two keys are written alike. */
export function keyText(key: ConfigKey): string {
  const { namespaceId, group, dataId } = normaliseKey(key);
  return `${namespaceId} ${group} ${dataId}`;
}

/** For people. */
export function describeKey(key: ConfigKey): string {
  const { namespaceId, group, dataId } = normaliseKey(key);
  return namespaceId === '' ? `${group}/${dataId}` : `${group}/${dataId} of namespace ${namespaceId}`;
}
