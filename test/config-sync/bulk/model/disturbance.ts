/** What happens to the model of the inventory, and to which keys. */

/** Of ConfigMap `b`, which both sides may change, and of `k`, which Kubernetes alone decides about. */
export const keys = ['b0', 'b1', 'k0', 'k1'] as const;
export const texts = ['x', 'y', 'z'] as const;
export type Key = (typeof keys)[number];

export type Disturbance =
  | { readonly do: 'edit-kubernetes' | 'edit-nacos'; readonly key: Key; readonly text: string | undefined }
  | { readonly do: 'run'; readonly ms: number }
  /** The process that leads ends, at once or after so many requests, and another one is started. */
  | { readonly do: 'crash' }
  | { readonly do: 'crash-at'; readonly step: number }
  /** Another process leads, also where the Lease was removed; the one before does not know it, until it ends. */
  | { readonly do: 'depose' | 'usurp' | 'end-deposed' }
  /** Processes hear nothing from Kubernetes any more, or do nothing at all, or everything again. */
  | { readonly do: 'blind' | 'freeze' | 'thaw' | 'see'; readonly who?: 'leader' | 'deposed' }
  /** Those that hear nothing are told what was there before the last change. */
  | { readonly do: 'late' }
  | { readonly do: 'lose-shard' | 'double-shard' | 'remap' | 'move' }
  /** The syncs name another connection from now on, which leads to the same Nacos, with the mapping that it has or another. */
  | { readonly do: 'rename-connection' | 'rename-and-remap' }
  /** They name one that leads to another Nacos. */
  | { readonly do: 'change-connection' }
  /** The sync that Kubernetes alone decides about is deleted, and its shards at the same time, as with their namespace. */
  | { readonly do: 'delete' }
  /** A NacosConfig declares the dataId, and is deleted. */
  | { readonly do: 'take' | 'give-back'; readonly key: Key };
