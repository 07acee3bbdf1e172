/**
 * What an object of the API holds for a key that a user has chosen. A plain index finds `constructor` and `toString` in
 * every object, since it looks into what the object is made of as well.
 */
export function ownValue<Value>(values: Readonly<Record<string, Value>> | undefined, key: string): Value | undefined {
  return values !== undefined && Object.hasOwn(values, key) ? values[key] : undefined;
}
