/**
 * The options of one command of the program: from its table come the flags, the environment variables, the help text,
 * the documentation and the frozen, complete options.
 *
 * Every option is a flag and an environment variable: `--metrics-port` is NACOS_BRIDGE_METRICS_PORT. The flag wins, an
 * empty variable counts as unset. All problems are reported together, each with its option, the value and the rule;
 * values of names that we do not know are not repeated, since they may be passwords.
 */
import { Command, Option } from 'commander';
import { BridgeError, messageOf } from '../errors.ts';
import { similarTo } from './similar.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What is known of an option whose value is a T. */
interface OptionRow<T> {
  readonly group: string;
  /** One letter that means the same as the flag. */
  readonly short?: string;
  /** Placeholder of the value in the help text; '' for a flag that takes none, whose variable is `true` or `false`. */
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

/** In the order of the documentation. */
export type OptionTable<Options> = { readonly [Key in keyof Options]: OptionRow<Options[Key]> };

export interface OptionRule<Options> {
  /** The options that the rule is about; it is checked when each of them is right by itself. */
  of: (keyof Options & string)[];
  problem: (options: Options) => string | false;
}

type ExitCode = readonly [code: 0 | 1 | 2, meaning: string];

export interface CommandOptions<Options> {
  readonly name: string;
  readonly description: string;
  /** What its exit codes mean. */
  readonly exitCodes: readonly ExitCode[];
  readonly table: OptionTable<Options>;
  readonly rules: readonly OptionRule<Options>[];
  /** What the command takes besides options, as the help text shows it, such as `FILE...`; at least one. */
  readonly operands?: string;
}

const variablePrefix = 'NACOS_BRIDGE_';

/** Kubernetes puts the address of every Service into the environment of pods; one may be called nacos-bridge. */
const serviceLink = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;
const serviceLinkValue = /^(tcp|udp|sctp):\/\//;

/** The subcommand with its help text; whoever adds it to a program gives it an action. */
export function createCommand<Options>(options: CommandOptions<Options>): Command {
  const { name, description, exitCodes, operands, table } = options;
  // What commander would refuse one by one is let through here, so that `compileOptions` reports it with the rest.
  const command = new Command(name)
    .description(description)
    .usage(operands === undefined ? '[options]' : `[options] ${operands}`)
    .allowUnknownOption()
    .allowExcessArguments()
    .configureHelp({
      helpWidth: 100,
      optionTerm: (option) => {
        const value = table[option.attributeName() as keyof Options]?.value;
        return [[option.short, option.long].filter(Boolean).join(', '), value].filter(Boolean).join(' ');
      },
    })
    .addHelpText('after', `\nExit codes:\n${exitCodes.map(([code, meaning]) => `  ${code}  ${meaning}`).join('\n')}`)
    .addHelpText('after', '\nEach option is also an environment variable: --metrics-port is NACOS_BRIDGE_METRICS_PORT.')
    .addHelpText('after', 'A flag wins over its variable.');
  for (const key of keysOf(table)) {
    const row: OptionRow<unknown> = table[key];
    const flags = flagsOf(key, row);
    const option = new Option(row.value === '' ? flags : `${flags} [value]`, `${row.help} Default: ${defaultOf(row)}.`);
    command.addOption(option.helpGroup(`${row.group}:`));
  }
  return command.helpOption('-h, --help', 'Show this text.');
}

/**
 * @param command the parsed command of `createCommand`
 * @param variables of all commands: one that another command knows is no mistake
 * @throws INVALID_OPTION with one line per problem, all of them
 */
export function compileOptions<Options extends object>(
  { operands, table, rules }: CommandOptions<Options>,
  command: Command,
  environment: Environment,
  variables: ReadonlySet<string>,
): Options {
  const strangers = operands === undefined ? command.args : command.args.filter((argument) => !isOperand(argument));
  const known = [...keysOf(table).map(flagOf), '--help'];
  const problems = [...unknownArguments(strangers, known), ...unknownVariables(environment, variables)];
  if (operands !== undefined && operandsOf(command).length === 0)
    problems.push(`${operands} must be given; see --help`);
  const flags = command.opts<Record<string, string | true>>();
  const entries = keysOf(table).flatMap((key) => {
    try {
      return [[key, valueOf(key, table[key], flags[key], environment)] as const];
    } catch (error) {
      problems.push(messageOf(error));
      return [];
    }
  });
  const options = Object.fromEntries(entries) as unknown as Options;
  const applicable = rules.filter((rule) => rule.of.every((key) => key in options));
  problems.push(...applicable.map((rule) => rule.problem(options)).filter((problem) => problem !== false));
  if (problems.length > 0) throw new BridgeError('INVALID_OPTION', problems.join('\n'));
  return Object.freeze(options);
}

/** What was given besides options, to a command that takes that. */
export function operandsOf(command: Command): string[] {
  return command.args.filter(isOperand);
}

export function variablesOf<Options>({ table }: CommandOptions<Options>): string[] {
  return keysOf(table).map(variableOf);
}

/** Of several commands, as a table in Markdown. */
export function renderExitCodes(commands: readonly Pick<CommandOptions<never>, 'name' | 'exitCodes'>[]): string {
  const rows = commands.flatMap(({ exitCodes, name }) =>
    exitCodes.map(([code, meaning]) => `| \`${name}\` | ${code} | ${meaning} |`),
  );
  return ['| command | code | meaning |', '|---|---|---|', ...rows, ''].join('\n');
}

/** The options as Markdown, a table per group, for the documentation. */
export function renderMarkdown<Options>({ table }: CommandOptions<Options>): string {
  const groups = [...new Set(keysOf(table).map((key) => table[key].group))];
  return groups.map((group) => renderGroup(table, group)).join('\n');
}

function renderGroup<Options>(table: OptionTable<Options>, group: string): string {
  const lines = keysOf(table)
    .filter((key) => table[key].group === group)
    .map((key) => {
      const row: OptionRow<unknown> = table[key];
      const cells = [
        `\`${`${flagsOf(key, row)} ${row.value}`.trim()}\``,
        `\`${variableOf(key)}\``,
        defaultOf(row),
        row.help,
      ];
      return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
    });
  return [`### ${group}`, '', '| flag | variable | default | meaning |', '|---|---|---|---|', ...lines, ''].join('\n');
}

function keysOf<Options>(table: OptionTable<Options>): (keyof Options & string)[] {
  return Object.keys(table) as (keyof Options & string)[];
}

function valueOf<T>(key: string, row: OptionRow<T>, flag: string | true | undefined, environment: Environment): T {
  if (flag === true && !row.isSwitch && row.value !== '')
    throw new Error(`${flagOf(key)} must have a value: ${flagOf(key)} ${row.value}`);
  // `-o=json`, as kubectl takes it, arrives with its `=`.
  if (flag !== undefined) return parsed(row, flagOf(key), row.short ? String(flag).replace(/^=/, '') : String(flag));
  for (const variable of [variableOf(key), row.alsoFrom]) {
    const text = variable && environment[variable];
    if (text && !(variable.endsWith('_PORT') && serviceLinkValue.test(text))) return parsed(row, variable, text);
  }
  const value = row.default;
  return typeof value === 'function' ? (value as () => T)() : value;
}

function parsed<T>(row: OptionRow<T>, source: string, text: string): T {
  try {
    const value = row.parse(text);
    return Array.isArray(value) ? Object.freeze(value) : value;
  } catch (error) {
    throw new Error(`${source}: ${messageOf(error)}`, { cause: error });
  }
}

/** `-` is standard input. */
function isOperand(argument: string): boolean {
  return argument === '-' || !argument.startsWith('-');
}

function unknownArguments(args: readonly string[], known: readonly string[]): string[] {
  const flags = args.filter((argument) => argument.startsWith('-')).map((flag) => flag.replace(/=.*$/s, ''));
  if (flags.length > 0) return flags.map((flag) => unknownFlag(flag, known));
  return args.map((argument) => `'${argument}' is not an option; options begin with '--'`);
}

function unknownFlag(flag: string, known: readonly string[]): string {
  return known.includes(flag) ? `${flag} takes no value` : `${flag} is not an option; ${nextAfter(flag, known)}`;
}

function nextAfter(text: string, known: Iterable<string>): string {
  const similar = similarTo(text, known);
  return similar === undefined ? 'see --help' : `did you mean ${similar}?`;
}

function unknownVariables(environment: Environment, known: ReadonlySet<string>): string[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith(variablePrefix) && !known.has(name))
    .filter((name) => !serviceLink.test(name) && !serviceLinkValue.test(environment[name] ?? ''))
    .map((name) => `${name} is not a variable of an option; ${nextAfter(name, known)}`);
}

function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function variableOf(key: string): string {
  return `${variablePrefix}${key.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}

function flagsOf(key: string, { short }: OptionRow<unknown>): string {
  return [short && `-${short}`, flagOf(key)].filter(Boolean).join(', ');
}

function defaultOf({ defaultText, default: value }: OptionRow<unknown>): string {
  return defaultText ?? String(value);
}
