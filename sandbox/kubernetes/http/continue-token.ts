/**
 * Where the next page of a list begins: the revision of the first page, and the key of the last object that was sent.
 *
 * Source: k8s.io/apiserver/pkg/storage/continue.go
 */
import { ApiFailure } from '../api-failure.ts';

export interface ContinueToken {
  readonly revision: number;
  readonly namespace: string;
  readonly name: string;
}

const version = 'meta.k8s.io/v1';
/** What follows a key next, in the order of bytes. */
const end = '\u0000';

export function encodeContinue({ revision, namespace, name }: ContinueToken): string {
  const token = { v: version, rv: revision, start: `${namespace}/${name}${end}` };
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

/** @throws ApiFailure `BadRequest` */
export function decodeContinue(text: string): ContinueToken {
  try {
    const { v, rv, start } = JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>;
    const [, namespace, name] = /^([^/]*)\/([^/]*)$/.exec(String(start).replace(end, '')) ?? [];
    if (v === version && Number.isSafeInteger(rv) && namespace !== undefined && name !== undefined) {
      return { revision: rv as number, namespace, name };
    }
  } catch {
    // Told below, as everything else that is no token of ours.
  }
  throw new ApiFailure('BadRequest', 'invalid continue token: continue key is not valid');
}
