/** What one pass has written. */
export type Done = Record<'created' | 'changed' | 'removed', number>;

export function nothingDone(): Done {
  return { created: 0, changed: 0, removed: 0 };
}

/** For events, such as '2 created, 1 removed'; undefined for nothing. */
export function doneText({ created, changed, removed }: Done): string | undefined {
  const parts = Object.entries({ created, changed, removed }).filter(([, count]) => count > 0);
  return parts.length === 0 ? undefined : parts.map(([what, count]) => `${count} ${what}`).join(', ');
}
