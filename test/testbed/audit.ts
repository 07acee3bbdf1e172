/**
 * The API server's own account of who asked for what: reads, writes and denials, with user names. Tests count requests
 * by user and verb with it, and find verbs that RBAC denied.
 */
import { readFile } from 'node:fs/promises';

/** Metadata of every request, bodies of none. */
export const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata' }],
};

/** The fields of audit.k8s.io/v1 Event that tests read. */
export interface AuditEvent {
  readonly auditID: string;
  /** A watch is logged as ResponseStarted, and as ResponseComplete when it ends; everything else at its end only. */
  readonly stage: 'ResponseStarted' | 'ResponseComplete' | 'Panic';
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string; readonly groups?: readonly string[] };
  readonly impersonatedUser?: { readonly username: string };
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly apiGroup?: string;
    readonly apiVersion?: string;
  };
  readonly responseStatus?: { readonly code?: number; readonly reason?: string };
  readonly requestReceivedTimestamp: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Reads an audit log: one event a request, its latest stage, in the order in which the requests were first logged. */
export async function readAuditLog(file: string): Promise<AuditEvent[]> {
  const text = await readFile(file, 'utf8');
  const events = new Map<string, AuditEvent>();
  // The last line may be half written while the server runs; it ends without a line feed then.
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    if (line === '') continue;
    const event = JSON.parse(line) as AuditEvent;
    events.set(event.auditID, event);
  }
  return [...events.values()];
}
