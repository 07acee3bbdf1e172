/**
 * What the resources of a namespace may use of a connection: `spec.allow` of a NacosConnection, or the rules that the
 * operator was given for its default connection.
 *
 * A list of rules: what one of them allows is allowed, and without any list everything is. Names are compared as Nacos has
 * them, letter by letter; a pattern that is not given allows every name. Whoever asks makes no request before it was asked.
 */
import { DEFAULT_GROUP } from '../api/names.ts';
import { BridgeError } from '../errors.ts';
import { matchesLabels, type LabelSelector } from '../kube/label-selector.ts';
import { type ConfigKey, type ServiceKey, wildcard } from '../nacos/index.ts';

/** Patterns in which `*` stands for any text and `{namespace}` for the name of the resource's namespace. */
interface AllowPatterns {
  readonly groups?: readonly string[];
  /** The public one is called `public` here. */
  readonly namespaceIds?: readonly string[];
  readonly dataIds?: readonly string[];
  readonly services?: readonly string[];
}

export interface AllowRule extends AllowPatterns {
  /** Whom the rule is for: those that one of the patterns of names or the selector means; all when it is not given. */
  readonly allowedNamespaces?: { readonly names?: readonly string[]; readonly selector?: LabelSelector };
}

type LabelsOf = (namespace: string) => Readonly<Record<string, string>> | undefined;

interface AllowanceOptions {
  /** Of the connection, for messages. */
  readonly title: string;
  /** Undefined: everything is allowed to everybody. */
  readonly rules: readonly AllowRule[] | undefined;
  /** Of a namespace; needed where a rule selects by labels. */
  readonly labelsOf?: LabelsOf;
  /** Whether it is confirmed that everything goes that was published and is not allowed any more. */
  readonly isConfirmed?: boolean;
  /** Tells apart what the same rules meant before labels changed. */
  readonly revision?: number;
}

/** In the order in which they are told. */
const fields = [
  { field: 'namespaceIds', what: 'the Nacos namespace' },
  { field: 'groups', what: 'the group' },
  { field: 'dataIds', what: 'the dataId' },
  { field: 'services', what: 'the service' },
] as const satisfies readonly { field: keyof AllowPatterns; what: string }[];

type Names = Partial<Record<keyof AllowPatterns, string>>;

export class Allowance {
  /** Equal for allowances that say the same. */
  readonly id: string;
  readonly #options: AllowanceOptions;

  constructor(options: AllowanceOptions) {
    const { isConfirmed = false, revision = 0, rules } = options;
    this.#options = options;
    this.id = JSON.stringify([rules ?? null, isConfirmed, revision]);
  }

  /** Whether it is confirmed that everything goes that was published and is not allowed any more. */
  get isConfirmed(): boolean {
    return this.#options.isConfirmed ?? false;
  }

  /** @throws BridgeError NOT_ALLOWED when resources of the namespace may not use the connection at all. */
  checkNamespace(namespace: string): void {
    this.#check(namespace, {});
  }

  /** @throws BridgeError NOT_ALLOWED, naming field, value, rule and connection. */
  checkConfig(namespace: string, config: ConfigKey): void {
    this.#check(namespace, namesOf(config));
  }

  allowsConfig(namespace: string, config: ConfigKey): boolean {
    return this.#refusal(namespace, namesOf(config)) === undefined;
  }

  /** @throws BridgeError NOT_ALLOWED, naming field, value, rule and connection. */
  checkService(namespace: string, { group, namespaceId, serviceName }: ServiceKey): void {
    this.#check(namespace, { ...placeOf(namespaceId, group), services: serviceName.trim() });
  }

  /** @throws BridgeError NOT_ALLOWED when resources of the namespace may use nothing of this Nacos namespace. */
  checkNacosNamespace(namespace: string, namespaceId: string): void {
    this.#check(namespace, { namespaceIds: shownNamespaceId(namespaceId) });
  }

  #check(namespace: string, names: Names): void {
    const refusal = this.#refusal(namespace, names);
    if (refusal !== undefined) throw new BridgeError('NOT_ALLOWED', `${this.#options.title} does not allow ${refusal}`);
  }

  /** Undefined for what one of the rules allows. */
  #refusal(namespace: string, names: Names): string | undefined {
    const { labelsOf = () => undefined, rules } = this.#options;
    if (rules === undefined) return undefined;
    const refusals = rules
      .filter((rule) => isFor(rule, namespace, labelsOf))
      .map((rule) => refusalOf(rule, namespace, names));
    if (refusals.length > 0) return refusals.includes(undefined) ? undefined : refusals[0];
    const next = 'name another connection, or ask who runs the operator';
    return `namespace '${namespace}' to use it: no \`allowedNamespaces\` of its rules means it; ${next}`;
  }
}

/** Of a connection that restricts nobody. */
export const unrestricted = new Allowance({ title: '', rules: undefined });

/** Whether it needs the labels of namespaces to tell what the rules mean. */
export function selectByLabels(rules: readonly AllowRule[] | undefined): boolean {
  return rules?.some(({ allowedNamespaces }) => allowedNamespaces?.selector !== undefined) ?? false;
}

/** What the rules that select by labels say of a namespace, comparable as text. */
export function selectedBy(rules: readonly AllowRule[], labels: Readonly<Record<string, string>> | undefined): string {
  const selected = rules.map(({ allowedNamespaces: { selector } = {} }) => selector && matchesLabels(selector, labels));
  return selected.join();
}

/** Whether `name` is what the pattern says. Takes time in proportion to its length, whatever the pattern. */
export function matchesPattern(pattern: string, name: string): boolean {
  return wildcard(pattern)(name);
}

function isFor({ allowedNamespaces }: AllowRule, namespace: string, labelsOf: LabelsOf): boolean {
  if (allowedNamespaces === undefined) return true;
  const { names = [], selector } = allowedNamespaces;
  if (names.some((name) => matchesPattern(name, namespace))) return true;
  const labels = selector && labelsOf(namespace);
  return selector !== undefined && labels !== undefined && matchesLabels(selector, labels);
}

/** The first name that the rule does not allow, in words. */
function refusalOf(rule: AllowPatterns, namespace: string, names: Names): string | undefined {
  for (const { field, what } of fields) {
    const [name, patterns] = [names[field], rule[field]];
    if (name === undefined || patterns === undefined) continue;
    if (patterns.some((pattern) => matchesPattern(pattern.replaceAll('{namespace}', namespace), name))) continue;
    const allowed = patterns.slice(0, 5).map((pattern) => `'${pattern}'`);
    const shown = patterns.length > 5 ? `${allowed.join(', ')} and ${patterns.length - 5} more` : allowed.join(', ');
    return `${what} '${name.slice(0, 100)}' to namespace '${namespace}': \`allow.${field}\` is ${shown}`;
  }
  return undefined;
}

function namesOf({ dataId, group, namespaceId }: ConfigKey): Names {
  return { ...placeOf(namespaceId, group), dataIds: dataId.trim() };
}

/** Nacos takes a blank group for its default one. */
function placeOf(namespaceId: string, group: string): Names {
  return { namespaceIds: shownNamespaceId(namespaceId), groups: group.trim() || DEFAULT_GROUP };
}

function shownNamespaceId(namespaceId: string): string {
  return namespaceId.trim() || 'public';
}
