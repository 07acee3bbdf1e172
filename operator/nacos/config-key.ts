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

export function normaliseKey(key: ConfigKey): ConfigKey {
  const namespaceId = key.namespaceId === 'public' ? '' : key.namespaceId;
  return { namespaceId, group: key.group, dataId: key.dataId };
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
