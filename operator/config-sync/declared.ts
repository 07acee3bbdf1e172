/**
 * The content that Kubernetes declares for a dataId, read and checked before anything is sent.
 *
 * What Nacos holds stays as it is while the content is missing or wrong.
 */
import { BridgeError, isBridgeError } from '../errors.ts';
import { md5Of as md5OfContent } from '../nacos/index.ts';
import type { DeclaringIntent } from './intent.ts';
import type { ContentPlace, PlacedContent } from './places/content-place.ts';
import { validateContent } from './validation.ts';

/** 10 MiB is what Nacos takes as one message (`nacos.remote.server.grpc.sdk.max-inbound-message-size`); JSON adds to it. */
const MAX_CONTENT_BYTES = 9 * 1024 * 1024;

export type DeclaredContent = (PlacedContent & { kind: 'present'; md5: string }) | (PlacedContent & { kind: 'absent' });

export async function readDeclared(place: ContentPlace): Promise<DeclaredContent> {
  const placed = await place.read();
  return placed.kind === 'present' ? { ...placed, md5: md5OfContent(placed.content) } : placed;
}

export function md5Of(declared: DeclaredContent): string | undefined {
  return declared.kind === 'present' ? declared.md5 : undefined;
}

/** @throws BridgeError INVALID_CONTENT, with line and column where there are any. */
export function checkContent(content: string, { format, validation }: DeclaringIntent, place: ContentPlace): void {
  if (content.trim() === '') {
    throw invalidContent('must not be blank: Nacos refuses blank content; what Nacos holds stays as it is');
  }
  const bytes = Buffer.byteLength(content);
  if (bytes > MAX_CONTENT_BYTES) throw invalidContent(`has ${bytes} bytes and must have at most ${MAX_CONTENT_BYTES}`);
  try {
    validateContent(content, format, validation);
  } catch (error) {
    if (!place.isSecret || !isBridgeError(error)) throw error;
    throw withoutContent(error);
  }
}

/** A parser quotes what it does not understand, and a schema what it does not allow; of a Secret only the place is told. */
function withoutContent({ message }: BridgeError): BridgeError {
  const where = /line \d+, column \d+/.exec(message);
  return invalidContent(
    `breaks \`spec.validation\`${where ? `, ${where[0]}` : ''}; it comes from a Secret and is not shown`,
  );
}

function invalidContent(rule: string): BridgeError {
  return new BridgeError('INVALID_CONTENT', `The content ${rule}`);
}
