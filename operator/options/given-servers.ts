/**
 * How a command is given Nacos servers: the options, and what they must be together.
 */
import type { AllowRule } from '../connections/allowance.ts';
import type { GivenServers } from '../connections/default-connection.ts';
import { parseServerAddresses } from '../nacos/index.ts';
import type { OptionRule, OptionTable } from './command-options.ts';
import { integer, matching, oneOf, path } from './value-rules.ts';

export interface AllowedServers {
  /** What the default connection allows; undefined: everything to everybody. */
  readonly nacosAllow: readonly AllowRule[] | undefined;
}

export const givenServers: OptionTable<GivenServers> = {
  nacos: {
    group: 'Nacos',
    value: 'HOST:PORT,...',
    help: 'Servers of the default connection, which resources without `connectionRef` use, each as `[http[s]://]HOST[:PORT][/CONTEXT][?grpcPort=PORT]`.',
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
  nacosPublicNamespace: {
    group: 'Nacos',
    value: 'Empty|Literal',
    help: 'Which public namespace of configs is meant on servers before 2.5, which have one with an empty id and one called `public`.',
    default: 'Empty',
    parse: oneOf('Empty', 'Literal'),
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
};

export const loginIsWhole: OptionRule<GivenServers> = {
  of: ['nacosUsername', 'nacosPasswordFile'],
  problem: ({ nacosUsername, nacosPasswordFile }) =>
    (nacosUsername === undefined) !== (nacosPasswordFile === undefined) &&
    '--nacos-username and --nacos-password-file must be given together',
};

/** What is allowed of servers is allowed of some. */
export const allowedServersAreGiven: OptionRule<Pick<GivenServers, 'nacos'> & AllowedServers> = {
  of: ['nacos', 'nacosAllow'],
  problem: ({ nacos, nacosAllow }) =>
    nacos.length === 0 && nacosAllow !== undefined && '--nacos must be given when --nacos-allow is',
};

/** What is said of servers is said of some. */
export const serversAreGiven: OptionRule<GivenServers> = {
  of: ['nacos', 'nacosUsername', 'nacosNamespace'],
  problem: ({ nacos, nacosUsername, nacosNamespace }) =>
    nacos.length === 0 &&
    (nacosUsername !== undefined || nacosNamespace !== '') &&
    '--nacos must be given when other options of the default connection are',
};
