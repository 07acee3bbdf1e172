/**
 * One config of `source: Both`, played by an interleaving: two authors at work, the operator between them, and the verdict.
 *
 * An edit may be absent at the end only if its content was given up in a conflict that was shown. Everything else is lost.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { NacosClient } from '../../../operator/nacos/client.ts';
import { eventually } from '../../eventually.ts';
import type { KubernetesBackend } from '../../scenarios/backends.ts';
import { KubernetesAuthor, NacosAuthor, wordsOf } from './authors.ts';
import type { Interleaving, Move, Round, Side } from './interleaving.ts';

const apiVersion = 'bridge.nacos.io/v1alpha1';
const keepAnnotation = 'bridge.nacos.io/keep';
const key = 'text';
const start = 'start';

export interface SharedConfigOptions {
  readonly kubernetes: KubernetesBackend;
  readonly nacos: NacosClient;
  readonly namespace: string;
  readonly name: string;
  /** How long both sides may take to be equal, or a conflict to be shown. */
  readonly settleLimitMs: number;
}

/** What was seen on the way, so that a run that tests nothing is found out. */
export interface Tally {
  edits: number;
  conflicts: number;
}

interface Status {
  readonly observedMd5?: string;
  readonly nacosMd5?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason: string }[];
}

export class SharedConfig {
  readonly #options: SharedConfigOptions;
  readonly #inKubernetes: KubernetesAuthor;
  readonly #inNacos: NacosAuthor;
  readonly #tally: Tally = { edits: 0, conflicts: 0 };
  /** Every edit that was acknowledged to its author. */
  readonly #made = new Set<string>();
  /** Edits of contents that somebody gave up in a conflict. */
  readonly #givenUp = new Set<string>();

  constructor(options: SharedConfigOptions) {
    const { kubernetes, nacos, namespace, name } = options;
    this.#options = options;
    this.#inKubernetes = new KubernetesAuthor(kubernetes, this.#ref('v1', 'ConfigMap'), key);
    this.#inNacos = new NacosAuthor(nacos, { namespaceId: '', group: namespace, dataId: name });
  }

  async play({ rounds }: Interleaving): Promise<Tally> {
    await this.#create();
    await this.#settle();
    for (const round of rounds) await this.#playRound(round);
    return this.#tally;
  }

  async #create(): Promise<void> {
    const { kubernetes, namespace, name } = this.#options;
    const metadata = { name, namespace };
    await kubernetes.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { [key]: start } });
    const contentFrom = { configMapKeyRef: { name, key } };
    const spec = { group: namespace, source: 'Both', contentFrom };
    await kubernetes.apply({ apiVersion, kind: 'NacosConfig', metadata, spec });
    this.#made.add(start);
  }

  async #playRound(round: Round): Promise<void> {
    await Promise.all([this.#work('kubernetes', round.kubernetes), this.#work('nacos', round.nacos)]);
    const isConflict = await this.#settle();
    if (isConflict) await this.#decide(round.keep);
    await this.#assertNothingLost();
  }

  async #work(side: Side, moves: readonly Move[]): Promise<void> {
    for (const { pauseMs, isEqualOnBoth } of moves) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      this.#tally.edits += 1;
      const word = `${side}-${this.#tally.edits}`;
      const seen = isEqualOnBoth ? await this.#wordsOfBoth() : [];
      const change = (words: string[]): string[] => [...words, ...seen, word];
      await this.#authorOf(side).edit(change);
      if (isEqualOnBoth) await this.#authorOf(side === 'nacos' ? 'kubernetes' : 'nacos').edit(change);
      this.#made.add(word);
    }
  }

  /** Whether it ended in a conflict, which the status shows for exactly what both sides hold. */
  async #settle(): Promise<boolean> {
    const { settleLimitMs } = this.#options;
    return eventually(settleLimitMs, async () => {
      const { observedMd5, nacosMd5, conditions = [] } = await this.#status();
      const synced = conditions.find(({ type }) => type === 'Synced');
      assert.ok(synced?.status === 'True' || synced?.reason === 'Conflict', `${synced?.status} ${synced?.reason}`);
      const [kubernetes, nacos] = await this.#contents();
      assert.deepEqual([observedMd5, nacosMd5], [md5Of(kubernetes), md5Of(nacos)], `${kubernetes} | ${nacos}`);
      assert.equal(synced.reason === 'Conflict', kubernetes !== nacos, `${kubernetes} | ${nacos}`);
      return kubernetes !== nacos;
    });
  }

  async #decide(side: Side): Promise<void> {
    this.#tally.conflicts += 1;
    const [kubernetes, nacos] = await this.#contents();
    const [kept, dropped] = side === 'kubernetes' ? [kubernetes, nacos] : [nacos, kubernetes];
    for (const word of wordsOf(dropped)) if (!wordsOf(kept).includes(word)) this.#givenUp.add(word);
    await eventually(this.#options.settleLimitMs, async () => {
      const contents = await this.#contents();
      if (contents[0] !== contents[1]) await this.#keep(md5Of(kept));
      assert.deepEqual(contents, [kept, kept]);
      assert.equal(await this.#keepAnnotation(), undefined, 'the annotation must be used up');
    });
    await this.#settle();
  }

  /** Says so again when it was used up and yet nothing is decided, as after a crash. */
  async #keep(md5: string | undefined): Promise<void> {
    if ((await this.#keepAnnotation()) !== undefined) return;
    const annotations = { [keepAnnotation]: md5 };
    await this.#options.kubernetes.patch(this.#ref(apiVersion, 'NacosConfig'), { metadata: { annotations } });
  }

  async #keepAnnotation(): Promise<unknown> {
    const object = await this.#options.kubernetes.get(this.#ref(apiVersion, 'NacosConfig'));
    return (object?.metadata['annotations'] as Record<string, unknown> | undefined)?.[keepAnnotation];
  }

  async #assertNothingLost(): Promise<void> {
    const present = await this.#wordsOfBoth();
    const lost = [...this.#made].filter((word) => !present.includes(word) && !this.#givenUp.has(word));
    assert.deepEqual(lost, [], `lost; there is: ${present.join(' ')}`);
  }

  async #wordsOfBoth(): Promise<string[]> {
    return (await this.#contents()).flatMap(wordsOf);
  }

  async #contents(): Promise<[string | undefined, string | undefined]> {
    return Promise.all([this.#inKubernetes.read(), this.#inNacos.read()]);
  }

  async #status(): Promise<Status> {
    const object = await this.#options.kubernetes.get(this.#ref(apiVersion, 'NacosConfig'));
    return (object?.['status'] as Status | undefined) ?? {};
  }

  #authorOf(side: Side): KubernetesAuthor | NacosAuthor {
    return side === 'kubernetes' ? this.#inKubernetes : this.#inNacos;
  }

  #ref(version: string, kind: string) {
    const { namespace, name } = this.#options;
    return { apiVersion: version, kind, namespace, name };
  }
}

function md5Of(content: string | undefined): string | undefined {
  return content === undefined ? undefined : createHash('md5').update(content).digest('hex');
}
