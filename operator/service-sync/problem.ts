/** Something that cannot be published, or not as it was asked for, in words for the status. */
export interface Problem {
  /** The address of the instance; undefined when it is about the whole service. */
  readonly member?: string;
  readonly field: string;
  /** The value, if it may be shown, and the rule. */
  readonly message: string;
}

/** Where an instance listens, for people and for comparing: an IPv6 address in brackets. */
export function memberText({ ip, port }: { ip: string; port: number }): string {
  return `${ip.includes(':') ? `[${ip}]` : ip}:${port}`;
}
