/**
 * The form of the samples by which the API server's checks are judged.
 */

export type Json = Record<string, unknown>;

export interface Refused {
  readonly title: string;
  readonly spec: Json;
  /** What the server names, e.g. `spec.servers[0].port`. */
  readonly field: string;
  /** Part of the message. */
  readonly message: string;
}

export interface RefusedChange {
  readonly title: string;
  readonly before: Json;
  readonly after: Json;
  readonly field: string;
}
