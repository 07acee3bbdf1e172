/**
 * Scenarios as data: what the YAML files of this folder may say (parse-scenarios.ts reads and checks them).
 *
 * A file holds one scenario per YAML document. Strings may contain variables (template.ts lists them); every scenario
 * has a Kubernetes namespace of its own, `${ns}`, whose name also serves as prefix of its dataIds.
 *
 *   scenario: a sentence that says what is so
 *   steps:                                  played in order; each step has exactly one key
 *     - apply: [OBJECT, ...]                manifests; apiVersion may be left out for the kinds in `apiVersions`, and the
 *                                           namespace always is
 *     - refuse: {object: OBJECT, message: [TEXT, ...]}
 *                                           the API server refuses the manifest, and says all of these
 *     - patch: {object: KIND/NAME, merge: PATCH}
 *     - delete: KIND/NAME                   begins the deletion and does not wait
 *     - publish: {config: DATAID, group, namespaceId, content: TEXT}
 *                                           in Nacos, as an application does
 *     - tag: {config: DATAID, group, namespaceId, tags: [TEXT, ...]}
 *                                           in Nacos, as a console user does
 *     - remove: {config: DATAID, group, namespaceId}
 *     - endpoints: {service: NAME, slice: NAME, ports: {PORT NAME: NUMBER}, of: [ENDPOINT, ...]}
 *                                           applies an EndpointSlice, named as the Service unless told, which no
 *                                           controller touches; ENDPOINT is an address, or
 *                                           {address, ready, serving, terminating, zone, pod: NAME}
 *     - register: {service: NAME, group, at: IP:PORT}
 *                                           in Nacos' public namespace, as an application does; until `deregister`
 *     - deregister: {service: NAME, group, at: IP:PORT}
 *     - expect: [EXPECTATION, ...]          each is awaited, `withinMs` (5000 unless told) from the beginning of the step
 *     - stays: {forMs: N, expect: [EXPECTATION, ...]}
 *                                           each holds now and whenever looked at for that time
 *     - never: PROHIBITION                  from this step to the end of the scenario
 *
 *   EXPECTATION, one of
 *     {object: KIND/NAME, like: SUBSET, conditions: {TYPE: CONDITION}, absent: true, withinMs: N}
 *         like        a JSON subset: the members of maps that are named must be alike, each item of a list must be like
 *                     some item that is there, and a member that is null must be absent
 *         CONDITION   a status ("True"), or {status, reason, message: [TEXT, ...]} of which the message must contain all
 *                     texts; a condition counts only when it was made for the object's present generation
 *     {config: DATAID, group, namespaceId, content: TEXT, md5, type, description, appName, tags: [TEXT, ...],
 *      withoutTags: [TEXT, ...], writer: TEXT, absent: true, withinMs: N}
 *         tags        present among others; a text that ends in * is a prefix
 *         writer      who wrote last (`src_user`); a text that ends in * is a prefix
 *     {service: NAME, group, namespaceId, instances: [INSTANCE, ...], disabled: [INSTANCE, ...], withinMs: N}
 *         instances   exactly those with enabled=true; INSTANCE is IP:PORT, with [] around an IPv6, or
 *                     {at: IP:PORT, like: SUBSET} of ip, port, weight, healthy, enabled, clusterName, metadata
 *         disabled    exactly those with enabled=false; none unless told
 *     {event: KIND/NAME, reason: TEXT, type: Normal or Warning, message: [TEXT, ...], withinMs: N}
 *
 *   PROHIBITION, one of
 *     {objectWritten: KIND/NAME}            no write of the object by anybody
 *     {object: KIND/NAME, like: SUBSET}     the object is never seen so, not for a moment
 *     {configWritten: DATAID, group, namespaceId}   no insert, update or removal in Nacos by anybody
 */
export interface ConditionExpectation {
  readonly status: string;
  readonly reason: string | undefined;
  readonly message: readonly string[];
}

export interface ConfigTarget {
  readonly dataId: string;
  readonly group: string;
  readonly namespaceId: string;
}

export interface ServiceTarget {
  readonly serviceName: string;
  readonly group: string;
  readonly namespaceId: string;
}

/** Where an instance listens. */
export interface Place {
  readonly ip: string;
  readonly port: number;
}

export interface ObjectTarget {
  readonly kind: string;
  readonly name: string;
}

export type Expectation = { readonly withinMs: number } & (
  | { readonly on: 'object'; readonly target: ObjectTarget; readonly state: ObjectState }
  | { readonly on: 'config'; readonly target: ConfigTarget; readonly state: ConfigState }
  | { readonly on: 'service'; readonly target: ServiceTarget; readonly state: ServiceState }
  | { readonly on: 'event'; readonly target: ObjectTarget; readonly state: EventState }
);

export interface ObjectState {
  readonly absent: boolean;
  readonly like: unknown;
  readonly conditions: ReadonlyMap<string, ConditionExpectation>;
}

export interface ConfigState {
  readonly absent: boolean;
  readonly fields: Readonly<Partial<Record<'content' | 'md5' | 'type' | 'description' | 'appName', string>>>;
  readonly tags: readonly string[];
  readonly withoutTags: readonly string[];
  readonly writer: string | undefined;
}

export interface ServiceState {
  readonly instances: readonly InstanceExpectation[];
  readonly disabled: readonly InstanceExpectation[];
}

export interface InstanceExpectation {
  readonly at: Place;
  readonly like: unknown;
}

export interface EventState {
  readonly reason: string;
  readonly type: string | undefined;
  readonly message: readonly string[];
}

export type Prohibition =
  | { readonly on: 'objectWritten'; readonly target: ObjectTarget }
  | { readonly on: 'object'; readonly target: ObjectTarget; readonly like: unknown }
  | { readonly on: 'configWritten'; readonly target: ConfigTarget };

export type Step =
  | { readonly do: 'apply'; readonly objects: readonly Manifest[] }
  | { readonly do: 'refuse'; readonly object: Manifest; readonly message: readonly string[] }
  | { readonly do: 'patch'; readonly target: ObjectTarget; readonly merge: unknown }
  | { readonly do: 'delete'; readonly target: ObjectTarget }
  | { readonly do: 'publish'; readonly target: ConfigTarget; readonly content: string }
  | { readonly do: 'tag'; readonly target: ConfigTarget; readonly tags: readonly string[] }
  | { readonly do: 'remove'; readonly target: ConfigTarget }
  | { readonly do: 'register'; readonly target: ServiceTarget; readonly at: Place }
  | { readonly do: 'deregister'; readonly target: ServiceTarget; readonly at: Place }
  | { readonly do: 'expect'; readonly expectations: readonly Expectation[] }
  | { readonly do: 'stays'; readonly forMs: number; readonly expectations: readonly Expectation[] }
  | { readonly do: 'never'; readonly prohibition: Prohibition };

/** An object as a user writes it; the namespace is filled in by the runner. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

export interface Scenario {
  readonly title: string;
  /** File name without extension. */
  readonly topic: string;
  /** Counts from 1 within the file. */
  readonly number: number;
  /** Steps as written, with the line of each; they are parsed after their variables are filled in. */
  readonly steps: readonly RawStep[];
}

interface RawStep {
  readonly line: number;
  readonly data: unknown;
}

export const apiVersions: Readonly<Record<string, string>> = {
  ConfigMap: 'v1',
  Secret: 'v1',
  Service: 'v1',
  Pod: 'v1',
  ServiceAccount: 'v1',
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  CronJob: 'batch/v1',
  Rollout: 'argoproj.io/v1alpha1',
  EndpointSlice: 'discovery.k8s.io/v1',
  NacosConfig: 'bridge.nacos.io/v1alpha1',
  NacosConfigSync: 'bridge.nacos.io/v1alpha1',
  NacosConnection: 'bridge.nacos.io/v1alpha1',
  NacosService: 'bridge.nacos.io/v1alpha1',
};
