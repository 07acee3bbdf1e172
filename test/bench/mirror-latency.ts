/**
 * Configs from Nacos to Kubernetes, in milliseconds from the acknowledgement of a publish.
 *
 *   operator  until a watch shows the mirror's ConfigMap with the new content
 *   bare      until a bare listener has its push and has read the new content
 *
 * Both look at the same publishes, so each sample of one has its twin in the other. One publish is under way at a time.
 */
import type { KubeObject } from '../scenarios/backends.ts';
import { eventually } from '../real/eventually.ts';
import { apiVersion, contentOf, createNamespace, deleteNamespace, forEach, names } from './bench-world.ts';
import type { BenchWorld } from './bench-world.ts';
import type { BareConfig, BareNacos } from './bare-nacos.ts';
import { percentile } from './figure.ts';
import type { Figure } from './figure.ts';

const namespace = 'mirrors';
const mirrors = 20;
const limitMs = 15_000;

export async function measureMirrorLatency(bench: BenchWorld, listener: BareNacos, count: number): Promise<Figure[]> {
  const { kubernetes, nacos } = bench;
  await createNamespace(kubernetes, namespace);
  const seen = new Arrivals();
  const abort = new AbortController();
  const path = `/api/v1/namespaces/${namespace}/configmaps?watch=true`;
  const look = (line: string): void => {
    const { object } = JSON.parse(line) as { object: KubeObject };
    seen.add(`operator ${(object['data'] as Record<string, string> | undefined)?.['text']}`);
  };
  const watch = async (): Promise<void> => {
    while (!abort.signal.aborted) await kubernetes.readLines(path, abort.signal, look).catch(() => {});
  };
  void watch();
  await forEach(names(mirrors), async (name) => {
    const config = { dataId: name, group: namespace };
    await nacos.publish(config, contentOf(`${name} first`));
    await nacos.settle(config, contentOf(`${name} first`));
    const spec = { source: 'Nacos', group: namespace, mirror: { configMap: { name, key: 'text' } } };
    await kubernetes.apply({ apiVersion, kind: 'NacosConfig', metadata: { name, namespace }, spec });
    await follow(listener, config, contentOf(`${name} first`), (content) => seen.add(`bare ${content}`));
    await seen.timeOf(`operator ${contentOf(`${name} first`)}`);
  });
  const operator: number[] = [];
  const bare: number[] = [];
  for (let sample = 0; sample < count; sample += 1) {
    const config = { dataId: `config-${sample % mirrors}`, group: namespace };
    const content = contentOf(`sample ${sample}`);
    await nacos.publish(config, content);
    const publishedMs = performance.now();
    operator.push((await seen.timeOf(`operator ${content}`)) - publishedMs);
    bare.push((await seen.timeOf(`bare ${content}`)) - publishedMs);
  }
  abort.abort();
  await forEach(names(mirrors), (name) => nacos.remove({ dataId: name, group: namespace }));
  await deleteNamespace(kubernetes, namespace);
  return [0.5, 0.99].map((fraction) => ({
    name: `mirror latency, p${fraction * 100}`,
    unit: 'ms',
    operator: percentile(operator, fraction),
    bare: percentile(bare, fraction),
    better: 'less',
  }));
}

/** Listens on, from `content`: every push is answered by a query, and a listen for what was read. */
async function follow(
  listener: BareNacos,
  config: BareConfig,
  content: string,
  tell: (content: string) => void,
): Promise<void> {
  let known = content;
  const look = async (): Promise<void> => {
    const read = await listener.query(config);
    if (read === known) return;
    known = read;
    tell(read);
    await listener.listen(config, known, onPush);
  };
  const onPush = (): void => void look().catch(() => {});
  await listener.listen(config, known, onPush);
}

/** When each text was first seen. */
class Arrivals {
  readonly #times = new Map<string, number>();

  add(text: string): void {
    if (!this.#times.has(text)) this.#times.set(text, performance.now());
  }

  async timeOf(text: string): Promise<number> {
    return eventually(limitMs, async () => {
      const timeMs = this.#times.get(text);
      if (timeMs === undefined) throw new Error(`never seen: ${text.slice(0, 40).trimEnd()}`);
      return timeMs;
    });
  }
}
