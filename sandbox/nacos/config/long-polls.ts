/**
 * Listening over HTTP (`POST /v1/cs/configs/listener`), as clients of 1.x do: the request names configs with the md5 that
 * the client has, and is answered with those that differ, at once or as soon as one does, and with nothing after the time
 * that the client gave.
 *
 *   Listening-Configs = DATAID ^B GROUP ^B MD5 [^B TENANT] ^A …         the answer is URL-encoded, without the md5
 */
import type { Clock, Timer } from '../../../operator/clock.ts';
import { configNamespaceOf } from '../generation.ts';
import type { Generation } from '../generation.ts';
import { caused, errorPage, v1JsonType } from '../http-replies.ts';
import type { HttpAnswer, HttpRequest } from '../http-route.ts';
import { groupKeyOf } from './config.ts';
import type { ConfigStore } from './config-store.ts';

export interface LongPollsOptions {
  readonly generation: Generation;
  readonly store: ConfigStore;
  readonly clock: Clock;
}

interface Probe {
  readonly dataId: string;
  readonly group: string;
  readonly md5: string;
  readonly tenant: string | undefined;
  readonly groupKey: string;
}

interface Poll {
  readonly probes: readonly Probe[];
  readonly answer: (changed: readonly Probe[]) => void;
}

const [fieldEnd, probeEnd] = ['\u0002', '\u0001'];
const minTimeoutMs = 10_000;
/** Sent before the client gives up. */
const headStartMs = 500;

export class LongPolls {
  readonly #options: LongPollsOptions;
  readonly #byKey = new Map<string, Set<Poll>>();
  readonly #timers = new Set<Timer>();

  constructor(options: LongPollsOptions) {
    this.#options = options;
  }

  handle(request: HttpRequest): HttpAnswer | Promise<HttpAnswer> {
    const text = request.parameters['Listening-Configs'] ?? '';
    if (text.trim() === '') return this.#badProbe(request, true);
    const probes = this.#parse(text);
    if (!probes) return this.#badProbe(request, false);
    const timeoutText = request.headers['long-pulling-timeout'];
    const changed = probes.filter((probe) => this.#isChanged(probe));
    const isPatient = timeoutText !== undefined && request.headers['long-pulling-timeout-no-hangup'] !== 'true';
    if (changed.length > 0 || !isPatient) return answerOf(changed);
    return this.#wait(probes, Math.max(minTimeoutMs, Number(timeoutText) - headStartMs || 0));
  }

  changed(groupKey: string): void {
    for (const poll of this.#byKey.get(groupKey) ?? []) {
      const changed = poll.probes.filter((probe) => probe.groupKey === groupKey && this.#isChanged(probe));
      if (changed.length > 0) poll.answer(changed);
    }
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#byKey.clear();
  }

  #wait(probes: readonly Probe[], timeoutMs: number): Promise<HttpAnswer> {
    return new Promise((resolve) => {
      const answer = (changed: readonly Probe[]): void => {
        timer.cancel();
        this.#timers.delete(timer);
        for (const { groupKey } of probes) this.#leave(groupKey, poll);
        resolve(answerOf(changed));
      };
      const poll: Poll = { probes, answer };
      const timer = this.#options.clock.after(timeoutMs, () => answer([]));
      this.#timers.add(timer);
      for (const { groupKey } of probes) {
        const polls = this.#byKey.get(groupKey) ?? new Set();
        this.#byKey.set(groupKey, polls.add(poll));
      }
    });
  }

  #leave(groupKey: string, poll: Poll): void {
    const polls = this.#byKey.get(groupKey);
    polls?.delete(poll);
    if (polls?.size === 0) this.#byKey.delete(groupKey);
  }

  #isChanged({ groupKey, md5 }: Probe): boolean {
    return md5 !== this.#options.store.cachedMd5(groupKey);
  }

  #parse(text: string): Probe[] | undefined {
    const probes: Probe[] = [];
    for (const line of text.split(probeEnd).filter((part) => part !== '')) {
      const [dataId, group, md5, tenant] = line.split(fieldEnd);
      if (dataId === undefined || group === undefined || md5 === undefined) return undefined;
      const namespaceId = configNamespaceOf(this.#options.generation, tenant);
      probes.push({ dataId, group, md5, tenant, groupKey: groupKeyOf({ namespaceId, group, dataId }) });
    }
    return probes;
  }

  #badProbe({ path }: HttpRequest, isMissing: boolean): HttpAnswer {
    const answer = caused(400, 'invalid probeModify');
    if (!isMissing) return errorPage(400, String(answer.body), path);
    return this.#options.generation === '3.1' ? { ...answer, headers: v1JsonType } : answer;
  }
}

function answerOf(changed: readonly Probe[]): HttpAnswer {
  const texts = changed.map(({ dataId, group, tenant }) => {
    const parts = tenant === undefined || tenant === '' ? [dataId, group] : [dataId, group, tenant];
    return `${parts.map(encodeURIComponent).join('%02')}%01`;
  });
  const body = texts.length === 0 ? '' : `${texts.join('')}\n`;
  return { headers: v1JsonType, body };
}
