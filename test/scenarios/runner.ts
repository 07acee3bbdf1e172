/**
 * Plays a scenario (format: scenario.ts) against two back ends, in a namespace of its own.
 *
 * Everything that has to come true is polled for until its time limit; nothing waits for a fixed time except `stays`,
 * whose meaning it is. Any number of scenarios may be played at the same time. A failure names file and line of the
 * step, every difference that was left, and what the operator said about the objects of the namespace.
 */
import { randomBytes } from 'node:crypto';
import { ApiRefusal } from './backends.ts';
import type { Backends, KubeObject, ObjectRef } from './backends.ts';
import { configDifferences, eventDifferences, objectDifferences, serviceDifferences } from './match.ts';
import { Prohibitions } from './prohibitions.ts';
import { parseStep } from './parse-scenarios.ts';
import { apiVersions } from './scenario.ts';
import type { Expectation, Manifest, ObjectTarget, Scenario, Step } from './scenario.ts';
import { fillIn } from './template.ts';
import type { Variables } from './template.ts';

const pollMs = 50;

export class ScenarioFailure extends Error {
  constructor(where: string, lines: readonly string[], account: string) {
    super([`${where}:`, ...lines.map((line) => `  ${line}`), account].join('\n'));
    this.name = 'ScenarioFailure';
  }
}

export interface PlayOptions {
  /** A port of the Nacos host on which nothing listens. */
  readonly closedPort: number;
  /**
   * Multiplies the time limits of expectations, for machines on which much else runs.
   * @default 1
   */
  readonly patience?: number;
}

/** @throws ScenarioFailure when the scenario does not come out, Error when it is written wrong. */
export async function playScenario(scenario: Scenario, backends: Backends, options: PlayOptions): Promise<void> {
  const { closedPort, patience = 1 } = options;
  const ns = `${scenario.topic}-${scenario.number}-${randomBytes(3).toString('hex')}`;
  const { nacos } = backends;
  const variables: Variables = {
    ns,
    closedPort,
    'nacos.host': nacos.host,
    'nacos.port': nacos.port,
    'nacos.grpcPort': nacos.grpcPort,
    'nacos.username': nacos.username,
    'nacos.password': nacos.password,
  };
  const steps = scenario.steps.map(({ line, data }) => {
    const where = `${scenario.topic}.yaml:${line}`;
    return { where, step: parseStep(fillIn(data, variables), where) };
  });
  await new Play(ns, backends, patience).run(steps);
}

class Play {
  readonly #ns: string;
  readonly #backends: Backends;
  readonly #patience: number;
  readonly #prohibitions: Prohibitions;

  constructor(ns: string, backends: Backends, patience: number) {
    this.#ns = ns;
    this.#backends = backends;
    this.#patience = patience;
    this.#prohibitions = new Prohibitions(backends);
  }

  async run(steps: readonly { where: string; step: Step }[]): Promise<void> {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: this.#ns } };
    await this.#backends.kubernetes.apply(namespace);
    try {
      for (const { where, step } of steps) await this.#runStep(where, step);
      const broken = await this.#prohibitions.findBroken();
      if (broken.length > 0) throw new ScenarioFailure('what must never happen', broken, await this.#account());
    } finally {
      this.#prohibitions.stop();
      await this.#backends.kubernetes.delete({ apiVersion: 'v1', kind: 'Namespace', namespace: '', name: this.#ns });
    }
  }

  async #runStep(where: string, step: Step): Promise<void> {
    try {
      const differences = await this.#perform(where, step);
      if (differences.length > 0) throw new ScenarioFailure(where, differences, await this.#account());
    } catch (error) {
      if (!(error instanceof ApiRefusal)) throw error;
      throw new ScenarioFailure(where, [`the API server answered ${error.status}: ${error.message}`], '');
    }
  }

  /** Returns what is not as it should be. */
  async #perform(where: string, step: Step): Promise<string[]> {
    const { kubernetes, nacos } = this.#backends;
    switch (step.do) {
      case 'apply':
        for (const object of step.objects) await kubernetes.apply(this.#place(object));
        return [];
      case 'refuse':
        return this.#refuse(step.object, step.message);
      case 'patch':
        await kubernetes.patch(this.#ref(step.target), step.merge);
        return [];
      case 'delete':
        await kubernetes.delete(this.#ref(step.target));
        return [];
      case 'publish':
        await nacos.publish(step.target, step.content);
        return [];
      case 'tag':
        await nacos.tag(step.target, step.tags);
        return [];
      case 'remove':
        await nacos.remove(step.target);
        return [];
      case 'register':
        await nacos.register(step.target, step.at.ip, step.at.port);
        return [];
      case 'deregister':
        await nacos.deregister(step.target, step.at.ip, step.at.port);
        return [];
      case 'expect':
        return (await Promise.all(step.expectations.map((expectation) => this.#await(expectation)))).flat();
      case 'stays':
        return this.#stays(step.forMs, step.expectations);
      case 'never':
        await this.#prohibitions.begin(where, step.prohibition, (target) => this.#ref(target));
        return [];
    }
  }

  async #refuse(object: Manifest, message: readonly string[]): Promise<string[]> {
    try {
      await this.#backends.kubernetes.apply(this.#place(object));
      return [`${object.kind}/${object.metadata.name} was accepted`];
    } catch (error) {
      if (!(error instanceof ApiRefusal)) throw error;
      const absent = message.filter((text) => !error.message.includes(text));
      return absent.map((text) => `the refusal lacks "${text}": ${error.message}`);
    }
  }

  async #await(expectation: Expectation): Promise<string[]> {
    const limitMs = expectation.withinMs * this.#patience;
    const deadlineMs = performance.now() + limitMs;
    for (;;) {
      const differences = await this.#differences(expectation);
      if (differences.length === 0) return [];
      if (performance.now() > deadlineMs) return [`not within ${limitMs} ms:`, ...differences];
      await pause(pollMs);
    }
  }

  async #stays(forMs: number, expectations: readonly Expectation[]): Promise<string[]> {
    const beganMs = performance.now();
    for (;;) {
      const afterMs = performance.now() - beganMs;
      const differences = (await Promise.all(expectations.map((each) => this.#differences(each)))).flat();
      if (differences.length > 0) return [`after ${Math.round(afterMs)} ms:`, ...differences];
      if (afterMs > forMs) return [];
      await pause(pollMs);
    }
  }

  async #differences(expectation: Expectation): Promise<string[]> {
    const { kubernetes, nacos } = this.#backends;
    switch (expectation.on) {
      case 'object': {
        const object = await kubernetes.get(this.#ref(expectation.target));
        return named(nameOf(expectation.target), objectDifferences(object, expectation.state));
      }
      case 'config': {
        const config = await nacos.read(expectation.target);
        return named(`dataId ${expectation.target.dataId}`, configDifferences(config, expectation.state));
      }
      case 'service': {
        const { target, state } = expectation;
        return named(`service ${target.serviceName}`, serviceDifferences(await nacos.instances(target), state));
      }
      case 'event': {
        const { kind, name } = expectation.target;
        const events = await kubernetes.list('events.k8s.io/v1', 'Event', this.#ns);
        const about = events.filter((event) => {
          const regarding = event['regarding'] as { kind?: string; name?: string } | undefined;
          return regarding?.kind === kind && regarding.name === name;
        });
        return named(`events of ${nameOf(expectation.target)}`, eventDifferences(about, expectation.state));
      }
    }
  }

  #place(object: Manifest): KubeObject {
    return { ...object, metadata: { ...object.metadata, namespace: this.#ns } };
  }

  #ref(target: ObjectTarget): ObjectRef {
    return { ...target, apiVersion: apiVersions[target.kind] ?? 'v1', namespace: this.#ns };
  }

  /** What the operator says about the objects of the namespace, for people who look into a failure. */
  async #account(): Promise<string> {
    const kinds = Object.entries(apiVersions).filter(([, apiVersion]) => apiVersion.startsWith('bridge.'));
    const lists = await Promise.all(
      kinds.map(async ([kind, apiVersion]) => this.#backends.kubernetes.list(apiVersion, kind, this.#ns)),
    );
    const lines = lists.flat().map((object) => {
      const { generation } = object.metadata;
      return `  ${object.kind}/${object.metadata.name} (generation ${generation}): ${JSON.stringify(object['status'])}`;
    });
    return ['  status at that time:', ...lines].join('\n');
  }
}

function nameOf(target: ObjectTarget): string {
  return `${target.kind}/${target.name}`;
}

function named(name: string, differences: readonly string[]): string[] {
  return differences.map((difference) => `${name}: ${difference}`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
