/**
 * Listening over HTTP, as clients of 1.x and the SDK for Node do: the request names configs with the md5 that the client
 * has, and is answered with those that differ, at once or as soon as one does, and with nothing after the time that the
 * client gave.
 *
 *   Listening-Configs = DATAID ^B GROUP ^B MD5 [^B TENANT] ^A …         the answer is URL-encoded, without the md5
 */
import type { Clock, Timer } from '../../../operator/clock.ts';
import { required } from '../http-routes.ts';
import type { HttpAnswer, HttpRequest } from '../http-routes.ts';
import { Refusal } from '../refusal.ts';
import { groupKeyOf } from './config.ts';
import type { ConfigStore } from './config-store.ts';
import type { ConfigWrites } from './config-writes.ts';

export interface LongPollsOptions {
  readonly store: ConfigStore;
  readonly writes: ConfigWrites;
  readonly clock: Clock;
}

interface Probe {
  readonly groupKey: string;
  readonly md5: string;
  /** As the answer has it. */
  readonly name: string;
}

interface Poll {
  readonly probes: readonly Probe[];
  readonly timer: Timer;
  readonly answer: (changed: readonly Probe[]) => void;
}

const [fieldEnd, probeEnd] = ['\u0002', '\u0001'];
const minTimeoutMs = 10_000;
/** Answered before the client gives up. */
const headStartMs = 500;

export class LongPolls {
  readonly #options: LongPollsOptions;
  readonly #waiting = new Set<Poll>();

  constructor(options: LongPollsOptions) {
    this.#options = options;
  }

  /** @throws Refusal */
  handle(request: HttpRequest): HttpAnswer | Promise<HttpAnswer> {
    const lines = required(request, 'Listening-Configs').split(probeEnd);
    const probes = lines.filter((line) => line !== '').map((line) => this.#parse(line));
    const timeout = request.headers['long-pulling-timeout'];
    const changed = this.#changedOf(probes);
    const isPatient = timeout !== undefined && request.headers['long-pulling-timeout-no-hangup'] !== 'true';
    if (changed.length > 0 || !isPatient) return answerOf(changed);
    const timeoutMs = Math.max(minTimeoutMs, Number(timeout) - headStartMs || 0);
    return new Promise((resolve) => {
      const answer = (news: readonly Probe[]) => {
        poll.timer.cancel();
        this.#waiting.delete(poll);
        resolve(answerOf(news));
      };
      const poll = { probes, answer, timer: this.#options.clock.after(timeoutMs, () => answer([])) };
      this.#waiting.add(poll);
    });
  }

  /** Costs the configs that are polled: these clients are few. */
  changed(groupKey: string): void {
    for (const { answer, probes } of this.#waiting) {
      const changed = this.#changedOf(probes.filter((probe) => probe.groupKey === groupKey));
      if (changed.length > 0) answer(changed);
    }
  }

  stop(): void {
    for (const { timer } of this.#waiting) timer.cancel();
    this.#waiting.clear();
  }

  #changedOf(probes: readonly Probe[]): Probe[] {
    return probes.filter(({ groupKey, md5 }) => md5 !== this.#options.store.cachedMd5(groupKey));
  }

  #parse(line: string): Probe {
    const [dataId, group, md5, namespaceId] = line.split(fieldEnd);
    if (dataId === undefined || group === undefined || md5 === undefined) {
      throw new Refusal('parameter validate error', `invalid probeModify: ${line}`);
    }
    const names = namespaceId ? [dataId, group, namespaceId] : [dataId, group];
    const groupKey = groupKeyOf(this.#options.writes.keyOf({ dataId, group, namespaceId }));
    return { groupKey, md5, name: `${names.map(encodeURIComponent).join('%02')}%01` };
  }
}

function answerOf(changed: readonly Probe[]): HttpAnswer {
  return { body: changed.length === 0 ? '' : `${changed.map(({ name }) => name).join('')}\n` };
}
