/**
 * What annotated Services are told, by events: they are not ours to write a status to. Each thing is told once, and again
 * when it is so again, in words of annotations.
 *
 * What was published when this process began to lead is not told again while it stays as it is: a restart over an equal
 * world writes nothing.
 */
import type { EventRecorder } from '../kube/events.ts';
import { parseKey } from '../kube/resource.ts';
import { annotationMistake } from './service-annotations.ts';
import { fieldFor, type Service } from './service-export.ts';
import type { Judgement, ServiceFindings } from './verdicts.ts';

/** Instead of a text that is not known: that all is well. */
const WELL = '';

export class ServiceEvents {
  readonly #events: Pick<EventRecorder, 'event'>;
  /** What was last told of each export. */
  readonly #told = new Map<string, string>();
  readonly #mistakes = new Map<string, string>();

  constructor(events: Pick<EventRecorder, 'event'>) {
    this.#events = events;
  }

  wasPublished(exportId: string): void {
    this.#told.set(exportId, WELL);
  }

  forget(exportId: string): void {
    this.#told.delete(exportId);
    this.#mistakes.delete(exportId);
  }

  /** `verdicts` are undefined while there is nothing to conclude. */
  tell(exportId: string, service: Service, findings: ServiceFindings, verdicts: Judgement | undefined): void {
    this.#tellMistake(exportId, service);
    if (findings.expected === 0) return void this.#told.delete(exportId);
    if (verdicts === undefined) return;
    const { problems, published, ready } = verdicts;
    const [problem] = problems;
    if (ready.status === 'True') return this.#tellSuccess(exportId, service, ready.reason, findings);
    const rules = findings.publications[0]?.[1].export;
    const where = problem?.member ?? parseKey(exportId).name;
    const field = problem && rules ? fieldFor(rules, problem.field) : problem?.field;
    const isProblem = published.status === 'True' && problem !== undefined;
    const note = isProblem ? `${where}: \`${field}\` ${problem.message}` : ready.message;
    this.#tellOnce(exportId, service, { type: 'Warning', reason: ready.reason, note });
  }

  #tellSuccess(exportId: string, service: Service, reason: string, { publications }: ServiceFindings): void {
    const records = publications.flatMap(([, publication]) => [...publication.records.values()]);
    const names = records.slice(0, 10).map(({ address }) => `'${address.service.serviceName}'`);
    const group = records[0]?.address.service.group;
    const isEmpty = records.every(({ instances }) => instances.length === 0);
    const note = isEmpty
      ? `There are no instances to register in Nacos yet, as ${names.join(', ')} in group '${group}'`
      : `Registered in Nacos as ${names.join(', ')} in group '${group}'`;
    if (this.#told.get(exportId) === WELL) return void this.#told.set(exportId, note);
    this.#tellOnce(exportId, service, { type: 'Normal', reason, note });
  }

  #tellOnce(
    exportId: string,
    service: Service,
    event: { type: 'Normal' | 'Warning'; reason: string; note: string },
  ): void {
    if (this.#told.get(exportId) === event.note) return;
    this.#told.set(exportId, event.note);
    this.#events.event(service, { ...event, action: 'Publish' });
  }

  #tellMistake(exportId: string, service: Service): void {
    const note = annotationMistake(service);
    if (note === undefined) return void this.#mistakes.delete(exportId);
    if (this.#mistakes.get(exportId) === note) return;
    this.#mistakes.set(exportId, note);
    this.#events.event(service, { type: 'Warning', reason: 'Invalid', action: 'Publish', note });
  }
}
