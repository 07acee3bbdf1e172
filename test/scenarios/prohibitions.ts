/**
 * What must not happen from a certain step of a scenario on. Objects are watched, so that nothing passes unseen between
 * two looks; writes in Nacos are counted in the server's history.
 */
import type { Backends, KubeObject, ObjectRef } from './backends.ts';
import { subsetDifferences } from './match.ts';
import type { ObjectTarget, Prohibition } from './scenario.ts';

type Finding = () => Promise<string | undefined>;

export class Prohibitions {
  readonly #backends: Backends;
  readonly #findings: Finding[] = [];
  readonly #stops: (() => void)[] = [];

  constructor(backends: Backends) {
    this.#backends = backends;
  }

  async begin(where: string, prohibition: Prohibition, refOf: (target: ObjectTarget) => ObjectRef): Promise<void> {
    switch (prohibition.on) {
      case 'objectWritten':
        return this.#watch(where, refOf(prohibition.target), () => 'was written');
      case 'object':
        return this.#watch(where, refOf(prohibition.target), (object) =>
          subsetDifferences(object, prohibition.like).length === 0 ? 'was seen as forbidden' : undefined,
        );
      case 'configWritten': {
        const { target } = prohibition;
        const before = await this.#backends.nacos.countWrites(target);
        this.#findings.push(async () => {
          const writes = (await this.#backends.nacos.countWrites(target)) - before;
          return writes === 0 ? undefined : `${where}: dataId ${target.dataId} was written ${writes} times`;
        });
      }
    }
  }

  /** One line for each prohibition that was broken so far. */
  async findBroken(): Promise<string[]> {
    const findings = await Promise.all(this.#findings.map((finding) => finding()));
    return findings.filter((finding) => finding !== undefined);
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  async #watch(where: string, ref: ObjectRef, judge: (object: KubeObject) => string | undefined): Promise<void> {
    const { kubernetes } = this.#backends;
    const now = await kubernetes.get(ref);
    const broken: string[] = [];
    let seen = now?.metadata.resourceVersion ?? '';
    const watch = await kubernetes.watch(ref, seen, ({ type, object }) => {
      const verdict = type === 'DELETED' ? 'was deleted' : judge(object);
      if (verdict) broken.push(`${where}: ${ref.kind}/${ref.name} ${verdict} at ${object.metadata.resourceVersion}`);
      seen = object.metadata.resourceVersion ?? seen;
    });
    this.#stops.push(() => watch.stop());
    this.#findings.push(async () => {
      // The watch is not behind what is there now: a last read would show a version that it has not told yet.
      const last = await kubernetes.get(ref);
      for (let look = 0; look < 40 && last && last.metadata.resourceVersion !== seen; look += 1) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return broken[0];
    });
  }
}
