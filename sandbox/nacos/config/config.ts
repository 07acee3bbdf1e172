/** A config, what names it, and who writes it. Stored configs are immutable: a write makes a new one. */
export interface ConfigKey {
  /** As the generation stores it: the public one is 'public' on 3.1 and '' on 2.3. */
  readonly namespaceId: string;
  readonly group: string;
  readonly dataId: string;
}

/** What a publish gives; what it leaves out is null. */
export interface ConfigFields {
  readonly content: string;
  readonly type: string | null;
  /** What was there stays when it is null, as with `configTags`. */
  readonly appName: string | null;
  /** Comma separated. */
  readonly configTags: string | null;
  readonly desc: string | null;
  readonly encryptedDataKey: string;
}

export interface Writer {
  /** What it said of itself, or its login. */
  readonly user: string | null;
  readonly ip: string;
}

export interface StoredConfig extends ConfigFields {
  readonly id: string;
  readonly key: ConfigKey;
  readonly md5: string;
  readonly writer: Writer;
  readonly createTimeMs: number;
  readonly modifyTimeMs: number;
}

/** How the protocol writes a key in one text, such as `app.yaml+DEFAULT_GROUP+public`. */
export function groupKeyOf({ dataId, group, namespaceId }: ConfigKey): string {
  const start = `${escaped(dataId)}+${escaped(group)}`;
  return namespaceId === '' ? start : `${start}+${escaped(namespaceId)}`;
}

/** No legal name needs it, but clients may listen to others. */
function escaped(part: string): string {
  if (!part.includes('+') && !part.includes('%')) return part;
  return part.replaceAll('%', '%25').replaceAll('+', '%2B');
}
