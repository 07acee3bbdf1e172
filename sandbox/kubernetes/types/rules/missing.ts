/** Puts these fields in where there are none. Null counts as none, as in Go. */
export function fillMissing(object: Record<string, unknown>, fields: Readonly<Record<string, unknown>>): void {
  for (const [field, value] of Object.entries(fields)) {
    if (object[field] === undefined || object[field] === null || object[field] === '') object[field] = value;
  }
}
