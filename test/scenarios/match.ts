/**
 * Compares what is there with what a scenario expects, and says each difference in one line. No difference, no lines.
 */
import type { KubeObject, ServiceInstance, StoredConfig } from './backends.ts';
import type {
  ConditionExpectation,
  ConfigState,
  EventState,
  InstanceExpectation,
  ObjectState,
  ServiceState,
} from './scenario.ts';

const shownCharacters = 200;

/** Differences of `actual` from the JSON subset `expected`; a member that is expected null must be absent. */
export function subsetDifferences(actual: unknown, expected: unknown, path = ''): string[] {
  if (expected === undefined) return [];
  if (expected === null) return actual === undefined ? [] : [`${path} is ${show(actual)} and must be absent`];
  if (Array.isArray(expected)) return listDifferences(actual, expected, path);
  if (!isMap(expected)) return valueDifferences(actual, expected, path);
  if (!isMap(actual)) return [`${path || 'the object'} is ${show(actual)}, not a map`];
  return Object.entries(expected).flatMap(([key, value]) =>
    subsetDifferences(actual[key], value, path === '' ? key : `${path}.${key}`),
  );
}

export function objectDifferences(object: KubeObject | undefined, state: ObjectState): string[] {
  if (state.absent) return object ? ['it exists'] : [];
  if (!object) return ['it does not exist'];
  const conditions = [...state.conditions].flatMap(([type, wanted]) => conditionDifferences(object, type, wanted));
  return [...subsetDifferences(object, state.like), ...conditions];
}

export function configDifferences(config: StoredConfig | undefined, state: ConfigState): string[] {
  if (state.absent) return config ? [`it exists, with content ${show(config.content)}`] : [];
  if (!config) return ['it does not exist'];
  const fields = Object.entries(state.fields).flatMap(([field, wanted]) =>
    valueDifferences(config[field as keyof StoredConfig], wanted, field),
  );
  const tagged = (wanted: string): boolean => config.tags.some((tag) => isLike(tag, wanted));
  const absent = state.tags.filter((wanted) => !tagged(wanted)).map((wanted) => `it has no tag ${wanted}`);
  const present = state.withoutTags.filter(tagged).map((unwanted) => `it has the tag ${unwanted}`);
  const { writer = config.writer } = state;
  const written = isLike(config.writer, writer) ? [] : [`it was last written by '${config.writer}', not by ${writer}`];
  return [...fields, ...written, ...[...absent, ...present].map((text) => `${text} (tags: ${config.tags.join(', ')})`)];
}

export function serviceDifferences(actual: readonly ServiceInstance[], state: ServiceState): string[] {
  const [enabled, disabled] = [true, false].map((flag) => actual.filter((instance) => instance.enabled === flag));
  return [
    ...instanceDifferences('enabled', enabled ?? [], state.instances),
    ...instanceDifferences('disabled', disabled ?? [], state.disabled),
  ];
}

function instanceDifferences(
  state: string,
  actual: readonly ServiceInstance[],
  expected: readonly InstanceExpectation[],
): string[] {
  const left = [...actual];
  const differences = expected.flatMap(({ at, like }) => {
    const index = left.findIndex(({ ip, port }) => ip === at.ip && port === at.port);
    const [found] = index === -1 ? [] : left.splice(index, 1);
    if (!found) return [`${at.ip}:${at.port} is not ${state}`];
    return subsetDifferences(found, like).map((difference) => `${at.ip}:${at.port}: ${difference}`);
  });
  return [...differences, ...left.map(({ ip, port }) => `${ip}:${port} is ${state} and must not be`)];
}

/** Differences of the nearest of the events of one object. */
export function eventDifferences(events: readonly KubeObject[], state: EventState): string[] {
  const candidates = events.map((event) => ({
    text: `${String(event['type'])} ${String(event['reason'])}: ${String(event['note'])}`,
    matches:
      event['reason'] === state.reason &&
      (state.type === undefined || event['type'] === state.type) &&
      state.message.every((text) => String(event['note']).includes(text)),
  }));
  if (candidates.some((candidate) => candidate.matches)) return [];
  return [`no such event among ${candidates.length}: ${candidates.map((candidate) => candidate.text).join('; ')}`];
}

function conditionDifferences(object: KubeObject, type: string, wanted: ConditionExpectation): string[] {
  const status = isMap(object['status']) ? object['status'] : {};
  const all = Array.isArray(status['conditions']) ? status['conditions'].filter(isMap) : [];
  const found = all.find((condition) => condition['type'] === type);
  if (!found) return [`it has no condition ${type}`];
  const shown = `${type}=${String(found['status'])} ${String(found['reason'])}: ${String(found['message'])}`;
  if (found['observedGeneration'] !== object.metadata.generation) {
    const { generation } = object.metadata;
    return [`${shown} is about generation ${String(found['observedGeneration'])}, not ${String(generation)}`];
  }
  const isRight =
    found['status'] === wanted.status &&
    (wanted.reason === undefined || found['reason'] === wanted.reason) &&
    wanted.message.every((text) => String(found['message']).includes(text));
  const wantedText = [wanted.status, wanted.reason, ...wanted.message.map((text) => `"${text}"`)].filter(Boolean);
  return isRight ? [] : [`${shown}; wanted ${wantedText.join(' ')}`];
}

function listDifferences(actual: unknown, expected: readonly unknown[], path: string): string[] {
  if (!Array.isArray(actual)) return [`${path} is ${show(actual)}, not a list`];
  const unmet = expected.filter((wanted) => actual.every((item) => subsetDifferences(item, wanted).length > 0));
  return unmet.map((wanted) => `${path} has no item like ${show(wanted)}: ${show(actual)}`);
}

function isLike(text: string, wanted: string): boolean {
  return wanted.endsWith('*') ? text.startsWith(wanted.slice(0, -1)) : text === wanted;
}

function valueDifferences(actual: unknown, wanted: unknown, path: string): string[] {
  if (JSON.stringify(actual) === JSON.stringify(wanted)) return [];
  if (typeof actual !== 'string' || typeof wanted !== 'string' || wanted.length < shownCharacters) {
    return [`${path} is ${show(actual)}, not ${show(wanted)}`];
  }
  let at = 0;
  while (at < actual.length && actual[at] === wanted[at]) at += 1;
  return [`${path} has ${actual.length} characters, not ${wanted.length}, and differs from number ${at} on`];
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'absent';
  return text.length > shownCharacters ? `${text.slice(0, shownCharacters)}… (${text.length} characters)` : text;
}
