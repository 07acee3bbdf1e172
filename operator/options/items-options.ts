/** The options of `items`, complete, and the table that they come from. */
import { isObjectName, OBJECT_NAME_RULE } from '../kube/limits.ts';
import type { CommandOptions } from './command-options.ts';
import { runTable } from './run-options.ts';
import { namespaceName, oneOf } from './value-rules.ts';

const outputs = ['text', 'json'] as const;
export const itemStates = ['synced', 'pending', 'conflict', 'failing', 'invalid', 'skipped', 'taken'] as const;

export interface ItemsOptions {
  /** The NacosConfigSync. */
  readonly sync: string;
  /** Undefined: that of the kubeconfig. */
  readonly namespace: string | undefined;
  readonly output: (typeof outputs)[number];
  /** Undefined: all. */
  readonly state: (typeof itemStates)[number] | undefined;
  /** Undefined: where `kubectl` looks. */
  readonly kubeconfig: string | undefined;
}

const group = 'Items';

export const items: CommandOptions<Omit<ItemsOptions, 'sync'>> = {
  name: 'items',
  description: 'List the items of a NacosConfigSync: which key is which dataId, and how it fares. Nacos is not asked.',
  operands: 'SYNC',
  exitCodes: [
    [0, 'the items are listed'],
    [1, 'there is no such NacosConfigSync, or the API server does not answer'],
    [2, 'a wrong option'],
  ],
  table: {
    namespace: {
      group,
      short: 'n',
      value: 'NAME',
      help: 'Namespace of the NacosConfigSync.',
      default: undefined,
      defaultText: 'namespace of the kubeconfig',
      parse: namespaceName,
    },
    output: {
      group,
      short: 'o',
      value: outputs.join('|'),
      help: 'A table for people, or one JSON object for programs.',
      default: 'text',
      parse: oneOf(...outputs),
    },
    state: {
      group,
      value: 'STATE',
      help: `Only items in this state: ${itemStates.join(', ')}.`,
      default: undefined,
      defaultText: 'all',
      parse: oneOf(...itemStates),
    },
    kubeconfig: { ...runTable.kubeconfig, group, help: 'Kubeconfig of the cluster.' },
  },
  rules: [],
};

/** What is wrong with what was given as SYNC; undefined for one name. */
export function syncProblem([name = '', ...others]: readonly string[]): string | undefined {
  if (others.length > 0) return `SYNC must be one name, not ${others.length + 1}: '${[name, ...others].join("', '")}'`;
  return isObjectName(name) ? undefined : `SYNC: ${OBJECT_NAME_RULE}, not '${name}'`;
}
