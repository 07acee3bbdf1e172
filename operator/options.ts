/**
 * The options of `nacos-bridge run`: one table, from which come the flags, the environment variables, the help text,
 * the documentation and the frozen, complete RunOptions.
 *
 * Every option is a flag and an environment variable: `--metrics-port` is NACOS_BRIDGE_METRICS_PORT. The flag wins, an
 * empty variable counts as unset. All problems are reported together, each with its option, the value and the rule;
 * values of names that we do not know are not repeated, since they may be passwords.
 */
import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { Command, Option } from 'commander';
import { BridgeError, messageOf } from './errors.ts';
import { type LogLevel, type LogOptions, logLevels } from './log.ts';
import { parseServerAddresses, type ServerAddress } from './nacos/server-address.ts';

export interface RunOptions {
  /** Path of a kubeconfig file; undefined in a cluster. KUBECONFIG may name several, as it does for kubectl. */
  readonly kubeconfig: string | undefined;
  /** Namespaces whose resources are served; empty for all. */
  readonly watchNamespaces: readonly string[];
  /** Servers of the default connection; empty when there is none. */
  readonly nacos: readonly ServerAddress[];
  readonly nacosNamespace: string;
  readonly nacosUsername: string | undefined;
  readonly nacosPasswordFile: string | undefined;
  readonly nacosRequestTimeoutMs: number;
  /** Undefined: the uid of the namespace kube-system. */
  readonly clusterId: string | undefined;
  readonly leaderElect: boolean;
  /** Undefined: the namespace of the pod, or the one of the kubeconfig. */
  readonly leaseNamespace: string | undefined;
  readonly identity: string;
  readonly reconcileConcurrency: number;
  readonly metricsPort: number;
  readonly healthPort: number;
  readonly bindAddress: string;
  readonly logLevel: LogLevel;
  readonly logFormat: LogOptions['format'];
  readonly logDir: string | undefined;
  readonly logRotateSeconds: number;
  readonly logMaxFiles: number;
}

interface Row<T> {
  readonly group: string;
  /** Placeholder of the value in the help text. */
  readonly value: string;
  readonly help: string;
  readonly default: T | (() => T);
  /** What the documentation says instead of the default; needed where the default is undefined or computed. */
  readonly defaultText?: string;
  /** Another variable that is read when the flag and our own variable are not set. */
  readonly alsoFrom?: string;
  /** Whether the flag alone means `true`. */
  readonly isSwitch?: boolean;
  /** Throws an error that says the rule. */
  readonly parse: (text: string) => T;
}

type Table = { readonly [Key in keyof RunOptions]: Row<RunOptions[Key]> };

const dnsLabel = matching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'the name of a namespace');
const path = matching(/^[^\0]+$/, 'a path');

const table: Table = {
  kubeconfig: {
    group: 'Kubernetes',
    value: 'FILE',
    help: 'Kubeconfig to use outside a cluster.',
    default: undefined,
    defaultText: 'KUBECONFIG, else the service account of the pod',
    alsoFrom: 'KUBECONFIG',
    parse: path,
  },
  watchNamespaces: {
    group: 'Kubernetes',
    value: 'NAME,...',
    help: 'Serve the resources of these namespaces only.',
    default: [],
    defaultText: 'all namespaces',
    parse: listOf(dnsLabel),
  },
  nacos: {
    group: 'Nacos',
    value: 'HOST:PORT,...',
    help: 'Servers of the default connection, which resources without `connectionRef` use.',
    default: [],
    defaultText: 'no default connection',
    parse: parseServerAddresses,
  },
  nacosNamespace: {
    group: 'Nacos',
    value: 'ID',
    help: 'Nacos namespace of the default connection.',
    default: '',
    defaultText: 'public',
    parse: matching(/^[\w-]{1,64}$/, 'a namespace id: at most 64 letters, digits, "-" and "_"'),
  },
  nacosUsername: {
    group: 'Nacos',
    value: 'NAME',
    help: 'User of the default connection.',
    default: undefined,
    defaultText: 'no login',
    parse: matching(/^[^\s\p{Cc}]{1,64}$/u, 'at most 64 characters without blanks'),
  },
  nacosPasswordFile: {
    group: 'Nacos',
    value: 'FILE',
    help: 'File that holds the password of that user.',
    default: undefined,
    defaultText: 'no login',
    parse: path,
  },
  nacosRequestTimeoutMs: {
    group: 'Nacos',
    value: 'MS',
    help: 'Time limit of one request to the default connection.',
    default: 10_000,
    parse: integer(100, 300_000),
  },
  clusterId: {
    group: 'Ownership and replicas',
    value: 'ID',
    help: 'Mark of ownership in Nacos; must differ between clusters and never change.',
    default: undefined,
    defaultText: 'uid of the namespace kube-system',
    parse: matching(/^[\w.-]{1,64}$/, 'at most 64 letters, digits, "-", "_" and "."'),
  },
  leaderElect: {
    group: 'Ownership and replicas',
    value: 'true|false',
    help: 'Let one of several replicas write at a time.',
    default: true,
    isSwitch: true,
    parse: (text) => oneOf('true', 'false')(text) === 'true',
  },
  leaseNamespace: {
    group: 'Ownership and replicas',
    value: 'NAME',
    help: 'Namespace of the Lease of the election.',
    default: undefined,
    defaultText: 'namespace of the pod or of the kubeconfig',
    parse: dnsLabel,
  },
  identity: {
    group: 'Ownership and replicas',
    value: 'NAME',
    help: 'Name of this replica in the Lease; must be unique.',
    default: () => `${hostname()}_${randomUUID()}`,
    defaultText: 'host name and a random part',
    parse: matching(/^[\w.-]{1,253}$/, 'at most 253 letters, digits, "-", "_" and "."'),
  },
  reconcileConcurrency: {
    group: 'Ownership and replicas',
    value: 'N',
    help: 'Objects of one kind that are reconciled at once.',
    default: 10,
    parse: integer(1, 200),
  },
  metricsPort: {
    group: 'Endpoints',
    value: 'PORT',
    help: 'Port of /metrics; 0 for a free one, which is logged.',
    default: 8080,
    parse: integer(0, 65_535),
  },
  healthPort: {
    group: 'Endpoints',
    value: 'PORT',
    help: 'Port of /healthz and /readyz; 0 for a free one, which is logged.',
    default: 8081,
    parse: integer(0, 65_535),
  },
  bindAddress: {
    group: 'Endpoints',
    value: 'IP',
    help: 'Address that both ports listen on.',
    default: '0.0.0.0',
    parse: (text) => (isIP(text) === 0 ? broken('an IPv4 or IPv6 address', text) : text),
  },
  logLevel: {
    group: 'Logs',
    value: logLevels.join('|'),
    help: 'The least severe level that is logged.',
    default: 'info',
    parse: oneOf(...logLevels),
  },
  logFormat: {
    group: 'Logs',
    value: 'json|text',
    help: 'JSON lines for log stores, or text for a terminal.',
    default: 'json',
    parse: oneOf('json', 'text'),
  },
  logDir: {
    group: 'Logs',
    value: 'DIR',
    help: 'Write rotating log files there, besides standard error.',
    default: undefined,
    defaultText: 'no files',
    parse: path,
  },
  logRotateSeconds: {
    group: 'Logs',
    value: 'S',
    help: 'Begin a new file after this time: minutes up to an hour, or hours up to a day.',
    default: 86_400,
    parse: rotationPeriod,
  },
  logMaxFiles: {
    group: 'Logs',
    value: 'N',
    help: 'Log files to keep.',
    default: 7,
    parse: integer(1, 1000),
  },
};

type Key = keyof RunOptions;
type Environment = Readonly<Record<string, string | undefined>>;

const keys = Object.keys(table) as Key[];
const variablePrefix = 'NACOS_BRIDGE_';

/** Kubernetes puts the address of every Service into the environment of pods; one may be called nacos-bridge. */
const serviceLink = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;
const serviceLinkValue = /^(tcp|udp|sctp):\/\//;

interface Rule {
  /** The options that the rule is about; it is checked when each of them is right by itself. */
  of: Key[];
  problem: (options: RunOptions) => string | false;
}

const rules: Rule[] = [
  {
    of: ['nacosUsername', 'nacosPasswordFile'],
    problem: ({ nacosUsername, nacosPasswordFile }) =>
      (nacosUsername === undefined) !== (nacosPasswordFile === undefined) &&
      '--nacos-username and --nacos-password-file must be given together',
  },
  {
    of: ['nacos', 'nacosUsername', 'nacosNamespace'],
    problem: ({ nacos, nacosUsername, nacosNamespace }) =>
      nacos.length === 0 &&
      (nacosUsername !== undefined || nacosNamespace !== '') &&
      '--nacos must be given when other options of the default connection are',
  },
  {
    of: ['metricsPort', 'healthPort'],
    problem: ({ metricsPort, healthPort }) =>
      metricsPort !== 0 &&
      metricsPort === healthPort &&
      `--metrics-port and --health-port must differ, and both are '${metricsPort}'`,
  },
];

/** The subcommand `run` with its help text; whoever adds it to a program gives it an action. */
export function createRunCommand(): Command {
  // What commander would refuse one by one is let through here, so that `compileRunOptions` reports it with the rest.
  const command = new Command('run')
    .description('Run the operator; in a cluster by its service account, outside by a kubeconfig.')
    .usage('[options]')
    .allowUnknownOption()
    .allowExcessArguments()
    .configureHelp({
      helpWidth: 100,
      optionTerm: (option) => [option.long, table[option.attributeName() as Key]?.value].filter(Boolean).join(' '),
    })
    .addHelpText('after', '\nEach option is also an environment variable: --metrics-port is NACOS_BRIDGE_METRICS_PORT.')
    .addHelpText('after', 'A flag wins over its variable.');
  for (const key of keys) {
    const row = table[key];
    const option = new Option(`${flagOf(key)} [value]`, `${row.help} Default: ${defaultOf(row)}.`);
    command.addOption(option.helpGroup(`${row.group}:`));
  }
  return command.helpOption('--help', 'Show this text.');
}

/**
 * @param command the parsed command of `createRunCommand`
 * @throws INVALID_OPTION with one line per problem, all of them
 */
export function compileRunOptions(command: Command, environment: Environment): RunOptions {
  const problems = [...unknownArguments(command.args), ...unknownVariables(environment)];
  const flags = command.opts<Record<string, string | true>>();
  const entries = keys.flatMap((key) => {
    try {
      return [[key, valueOf(key, flags[key], environment)] as const];
    } catch (error) {
      problems.push(messageOf(error));
      return [];
    }
  });
  const options = Object.fromEntries(entries) as unknown as RunOptions;
  const applicable = rules.filter((rule) => rule.of.every((key) => key in options));
  problems.push(...applicable.map((rule) => rule.problem(options)).filter((problem) => problem !== false));
  if (problems.length > 0) throw new BridgeError('INVALID_OPTION', problems.join('\n'));
  return Object.freeze(options);
}

/** The options as Markdown, a table per group, for the documentation. */
export function renderOptionsMarkdown(): string {
  const groups = [...new Set(keys.map((key) => table[key].group))];
  return groups.map(renderGroup).join('\n');
}

function renderGroup(group: string): string {
  const lines = keys
    .filter((key) => table[key].group === group)
    .map((key) => {
      const row = table[key];
      const cells = [`\`${flagOf(key)} ${row.value}\``, `\`${variableOf(key)}\``, defaultOf(row), row.help];
      return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
    });
  return [`### ${group}`, '', '| flag | variable | default | meaning |', '|---|---|---|---|', ...lines, ''].join('\n');
}

function valueOf<K extends Key>(key: K, flag: string | true | undefined, environment: Environment): RunOptions[K] {
  const row: Row<RunOptions[K]> = table[key];
  if (flag === true && !row.isSwitch) throw new Error(`${flagOf(key)} must have a value: ${flagOf(key)} ${row.value}`);
  if (flag !== undefined) return parsed(row, flagOf(key), String(flag));
  for (const variable of [variableOf(key), row.alsoFrom]) {
    const text = variable && environment[variable];
    if (text && !(variable.endsWith('_PORT') && serviceLinkValue.test(text))) return parsed(row, variable, text);
  }
  const value = row.default;
  return typeof value === 'function' ? value() : value;
}

function parsed<T>(row: Row<T>, source: string, text: string): T {
  try {
    const value = row.parse(text);
    return Array.isArray(value) ? Object.freeze(value) : value;
  } catch (error) {
    throw new Error(`${source}: ${messageOf(error)}`, { cause: error });
  }
}

function unknownArguments(args: readonly string[]): string[] {
  const flags = args.filter((argument) => argument.startsWith('-')).map((flag) => flag.replace(/=.*$/s, ''));
  if (flags.length > 0) return flags.map((flag) => `${flag} is not an option; see --help`);
  return args.map((argument) => `'${argument}' is not an option; options begin with '--'`);
}

function unknownVariables(environment: Environment): string[] {
  const known = new Set(keys.map(variableOf));
  return Object.keys(environment)
    .filter((name) => name.startsWith(variablePrefix) && !known.has(name))
    .filter((name) => !serviceLink.test(name) && !serviceLinkValue.test(environment[name] ?? ''))
    .map((name) => `${name} is not a variable of an option; see --help`);
}

function flagOf(key: Key): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function variableOf(key: Key): string {
  return `${variablePrefix}${key.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}

function defaultOf({ defaultText, default: value }: Row<unknown>): string {
  return defaultText ?? String(value);
}

function broken(rule: string, text: string): never {
  throw new Error(`must be ${rule}, not '${text}'`);
}

function matching(pattern: RegExp, rule: string): (text: string) => string {
  return (text) => (pattern.test(text) ? text : broken(rule, text));
}

function oneOf<T extends string>(...choices: readonly T[]): (text: string) => T {
  return (text) => choices.find((choice) => choice === text) ?? broken(`one of ${choices.join(', ')}`, text);
}

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    return number >= min && number <= max ? number : broken(`an integer from ${min} to ${max}`, text);
  };
}

/** What the rotation can do: whole minutes within the hour, or whole hours within the day. */
function rotationPeriod(text: string): number {
  const seconds = integer(60, 86_400)(text);
  const isWhole = seconds % (seconds > 3600 ? 3600 : 60) === 0;
  return isWhole ? seconds : broken('a multiple of 60 up to 3600, or of 3600 up to 86400', text);
}

function listOf(parse: (text: string) => string): (text: string) => string[] {
  return (text) => {
    const items = text.split(',').map((item) => parse(item.trim()));
    const twice = items.find((item, index) => items.indexOf(item) !== index);
    return twice === undefined ? items : broken('a list without repetition', text);
  };
}
