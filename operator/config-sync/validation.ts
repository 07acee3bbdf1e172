/**
 * What is checked of a content before it is written anywhere: that it is not blank, its size, its syntax, and the schema
 * that users gave. Until it is right, what the other side holds stays as it is.
 *
 * The same for the operator and for the command line, and harmless for the process, whatever the content is
 * (content/examiners.ts). A message tells line, column and rule, and nothing of
 * the content but the names of its keys: it goes into conditions and logs, and the content may be that of a Secret.
 */
import { systemClock } from '../clock.ts';
import { BridgeError } from '../errors.ts';
import { Examiners } from './content/examiners.ts';
import type { ConfigFormat } from './formats/format.ts';
import type { MirrorKind } from './mirror/mirror-target.ts';

export interface ContentRules {
  /** Whether the content must be valid in its format; a schema asks for it in any case. */
  readonly syntax: boolean;
  /** In UTF-8. */
  readonly maxBytes?: number;
  /** Draft 2020-12. */
  readonly jsonSchema?: unknown;
}

/** 10 MiB is what Nacos takes as one message (`nacos.remote.server.grpc.sdk.max-inbound-message-size`); JSON adds to it. */
const MAX_CONTENT_BYTES = 9 * 1024 * 1024;

/** Of this process, as are its threads. */
const examiners = new Examiners({ clock: systemClock });

/**
 * `namespace` is the one in Kubernetes whose time it takes.
 *
 * @throws BridgeError INVALID_CONTENT, with line and column where there are any; INVALID_SPEC when the rules themselves are
 *   wrong, such as a broken schema; VALIDATION_TOO_SLOW, VALIDATION_PAUSED and VALIDATION_BUSY as examiners.ts does.
 */
export async function checkContent(
  content: string,
  { format, validation: { jsonSchema, maxBytes, syntax } }: { format: ConfigFormat; validation: ContentRules },
  { isSecret, namespace }: { isSecret: boolean; namespace: string },
): Promise<void> {
  if (content.trim() === '') {
    throw invalidContent('must not be blank: Nacos refuses blank content; what Nacos holds stays as it is');
  }
  const bytes = Buffer.byteLength(content);
  if (bytes > MAX_CONTENT_BYTES) throw invalidContent(`has ${bytes} bytes and must have at most ${MAX_CONTENT_BYTES}`);
  if (maxBytes !== undefined && bytes > maxBytes) {
    throw invalidContent(`has ${bytes} bytes and must have at most ${maxBytes} (\`spec.validation.maxBytes\`)`);
  }
  if (jsonSchema === undefined && !syntax) return;
  const finding = await examiners.examine({ kind: 'check', content, format, schema: textOf(jsonSchema) }, namespace);
  if (finding.kind !== 'refused') return;
  const error = new BridgeError(finding.code, finding.message);
  throw isSecret ? withoutContent(error) : error;
}

/**
 * The content taken apart into entries, as mirror/env-entries.ts does.
 *
 * @throws BridgeError INVALID_CONTENT, INVALID_SPEC; VALIDATION_TOO_SLOW, VALIDATION_PAUSED and VALIDATION_BUSY.
 */
export async function entriesOf(
  content: string,
  { format, kind, namespace }: { format: ConfigFormat; kind: MirrorKind; namespace: string },
): Promise<Record<string, string>> {
  const finding = await examiners.examine({ kind: 'entries', content, format, target: kind }, namespace);
  if (finding.kind === 'refused') throw new BridgeError(finding.code, finding.message);
  return finding.kind === 'entries' ? Object.fromEntries(finding.entries) : {};
}

/** @throws BridgeError INVALID_SPEC for one that is too deep to be written. */
function textOf(jsonSchema: unknown): string | undefined {
  try {
    return jsonSchema === undefined ? undefined : JSON.stringify(jsonSchema);
  } catch (cause) {
    throw new BridgeError('INVALID_SPEC', '`spec.validation.jsonSchema` is nested too deeply', { cause });
  }
}

/** A parser quotes what it does not understand, and a schema what it does not allow; of a Secret only the line is told. */
function withoutContent({ message }: BridgeError): BridgeError {
  const where = /line \d+, column \d+/.exec(message);
  return invalidContent(
    `breaks \`spec.validation\`${where ? `, ${where[0]}` : ''}; it comes from a Secret and is not shown`,
  );
}

function invalidContent(rule: string): BridgeError {
  return new BridgeError('INVALID_CONTENT', `The content ${rule}`);
}
