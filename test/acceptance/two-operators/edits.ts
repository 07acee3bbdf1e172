/**
 * What the users of one cluster do, from a seed: they declare dataIds, change them, delete them and declare them again.
 * Some dataIds are theirs alone, some are wanted by both clusters, some of those with equal content.
 */
import fc from 'fast-check';

/**
 * How a dataId is declared: by a NacosConfig with its content, by one that goes two-way with a ConfigMap, or by a key of
 * a ConfigMap that a NacosConfigSync selects.
 */
export type Way = 'inline' | 'two-way' | 'object';

export interface Target {
  readonly way: Way;
  readonly group: string;
  readonly dataId: string;
}

export interface Declaration {
  readonly content: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly deletionPolicy: 'Delete' | 'Retain';
  readonly adoptionPolicy: 'Fail' | 'Adopt';
}

export type Edit =
  | { readonly kind: 'declare' | 'change'; readonly target: Target; readonly declaration: Declaration }
  | { readonly kind: 'delete'; readonly target: Target };

export interface EditPlan {
  /** Of the cluster: what is its alone begins with it. */
  readonly name: string;
  readonly count: number;
  readonly seed: number;
}

/** Of the NacosConfigs of both clusters; also their namespace in Kubernetes. */
export const groupName = 'rivals';
/** As NacosConfigSync maps ConfigMaps to groups. */
export const objectGroupPrefix = 'configmap.';

/** What both clusters want begins with it. */
const commonPrefix = 'common';
const keysPerObject = 12;
/** So many edits go to one dataId, on average. */
const editsPerDataId = 25;
const maxPlaces = 240;

/** Percentages. */
const share = { common: 25, equalContent: 30, retain: 20, adopt: 20 } as const;

/** A throw of the dice for each decision; not all of them are used by every edit. */
const dice = fc.record({
  way: fc.constantFrom<Way>('inline', 'inline', 'inline', 'two-way', 'object'),
  place: fc.nat({ max: maxPlaces - 1 }),
  isCommon: percent(share.common),
  action: fc.constantFrom('content', 'content', 'content', 'content', 'metadata', 'delete'),
  isEqual: percent(share.equalContent),
  isRetained: percent(share.retain),
  adopts: percent(share.adopt),
  description: fc.constantFrom('', 'first', 'second'),
  tags: fc.subarray(['blue', 'green', 'red', 'wide']),
});
type Throw = typeof dice extends fc.Arbitrary<infer Value> ? Value : never;

/** The same for the same plan. */
export function planEdits({ name, count, seed }: EditPlan): Edit[] {
  const places = Math.min(maxPlaces, Math.ceil(count / editsPerDataId));
  const declared = new Map<string, Declaration>();
  return fc.sample(fc.noBias(dice), { seed, numRuns: count }).map((thrown, number) => {
    const target = targetOf(thrown, thrown.isCommon ? commonPrefix : name, places);
    const content = thrown.isEqual ? `equal ${thrown.place % 3}` : `edit ${number} of ${name}`;
    const before = declared.get(idOf(target));
    // What goes two-way stays in Nacos in any case.
    if (before && thrown.action === 'delete' && target.way !== 'two-way') {
      declared.delete(idOf(target));
      return { kind: 'delete', target };
    }
    const declaration = before ? changed(before, thrown, target, content) : first(thrown, target, content);
    declared.set(idOf(target), declaration);
    return { kind: before ? 'change' : 'declare', target, declaration };
  });
}

export function idOf({ group, dataId }: Pick<Target, 'group' | 'dataId'>): string {
  return `${group}/${dataId}`;
}

/** Whether both clusters may want it. */
export function isCommon({ group, dataId }: Target): boolean {
  return idOf({ group, dataId }).includes(`${commonPrefix}-`);
}

function targetOf({ way, place }: Throw, prefix: string, places: number): Target {
  const index = place % Math.ceil(way === 'inline' ? places : places / 3);
  switch (way) {
    case 'inline':
      return { way, group: groupName, dataId: `${prefix}-${index}` };
    case 'two-way':
      return { way, group: groupName, dataId: `${prefix}-pair-${index}` };
    case 'object': {
      const group = `${objectGroupPrefix}${prefix}-${Math.floor(index / keysPerObject)}`;
      return { way, group, dataId: `key-${index % keysPerObject}` };
    }
  }
}

function first({ adopts, description, isRetained, tags }: Throw, { way }: Target, content: string): Declaration {
  if (way !== 'inline') {
    return { content, description: '', tags: [], deletionPolicy: 'Delete', adoptionPolicy: 'Fail' };
  }
  const policies = {
    deletionPolicy: isRetained ? 'Retain' : 'Delete',
    adoptionPolicy: adopts ? 'Adopt' : 'Fail',
  } as const;
  return { content, description, tags, ...policies };
}

function changed(before: Declaration, thrown: Throw, { way }: Target, content: string): Declaration {
  if (way !== 'inline' || thrown.action !== 'metadata') return { ...before, content };
  return { ...before, description: thrown.description, tags: thrown.tags };
}

function percent(weight: number): fc.Arbitrary<boolean> {
  return fc.integer({ min: 1, max: 100 }).map((value) => value <= weight);
}
