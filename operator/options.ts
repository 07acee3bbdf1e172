/**
 * The options of `nacos-bridge run`: from one table come the flags, the environment variables, the help text, the
 * documentation and the frozen, complete RunOptions.
 *
 * Every option is a flag and an environment variable: `--metrics-port` is NACOS_BRIDGE_METRICS_PORT. The flag wins, an
 * empty variable counts as unset. All problems are reported together, each with its option, the value and the rule;
 * values of names that we do not know are not repeated, since they may be passwords.
 */
import { Command, Option } from 'commander';
import { BridgeError, messageOf } from './errors.ts';
import type { RunOptions } from './options/run-options.ts';
import { type Row, table } from './options/table.ts';

export type { RunOptions } from './options/run-options.ts';

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
