/**
 * What the server refuses: the exit code, and the field that is named. The words around it are each server's own, but
 * those of our rules.
 */
import { config, configMap } from './manifests.ts';
import type { Chapter, Step } from './step.ts';

const create = 'create -f -';
const invalid = 'is invalid';

const steps: readonly Step[] = [
  {
    title: 'an unknown field',
    run: create,
    input: config('bad', 'content: x\ncolour: red'),
    code: 1,
    shows: ['unknown field "spec.colour"'],
  },
  {
    title: 'several unknown fields at once',
    run: create,
    input: config('bad', 'content: x\ncolour: red\nmirror: {configMap: {name: a, size: 3}}'),
    code: 1,
    shows: ['unknown field "spec.colour"', 'unknown field "spec.mirror.configMap.size"'],
  },
  {
    title: 'an unknown field of a built-in kind',
    run: create,
    input: `${configMap('bad', 'a: b')}colour: red\n`,
    code: 1,
    shows: ['unknown field "colour"'],
  },
  {
    title: 'a key that is given twice',
    run: create,
    input: config('bad', 'content: x\ncontent: y'),
    code: 1,
    shows: [invalid, 'spec.content'],
  },
  {
    title: 'a field of the wrong type',
    run: create,
    input: config('bad', 'content: 5'),
    code: 1,
    shows: [invalid, 'spec.content'],
  },
  {
    title: 'a value that is not in the enumeration',
    run: create,
    input: config('bad', 'content: x\nformat: ini'),
    code: 1,
    shows: [invalid, 'spec.format'],
  },
  {
    title: 'a value that does not match the pattern',
    run: create,
    input: config('bad', `content: x\ngroup: 'not a group'`),
    code: 1,
    shows: [invalid, 'spec.group'],
  },
  {
    title: 'a list that is too long',
    run: create,
    input: config('bad', 'content: x\ntags: [a, b, c, d, e, f]'),
    code: 1,
    shows: [invalid, 'spec.tags'],
  },
  {
    title: 'a set with an item twice',
    run: create,
    input: config('bad', 'content: x\ntags: [a, a]'),
    code: 1,
    shows: [invalid, 'spec.tags[1]'],
  },
  {
    title: 'a value that is too long',
    run: create,
    input: config('bad', `content: x\ndescription: ${'y'.repeat(129)}`),
    code: 1,
    shows: [invalid, 'spec.description'],
  },
  {
    title: 'a field that is missing',
    run: create,
    input: config('bad', 'content: x\nconnectionRef: {}'),
    code: 1,
    shows: [invalid, 'spec.connectionRef.name'],
  },
  {
    title: 'a blank content, by a CEL rule',
    run: create,
    input: config('bad', 'content: "  "'),
    code: 1,
    shows: [invalid, 'spec.content', 'must not be blank'],
  },
  {
    title: 'two sources of content, by a CEL rule',
    run: create,
    input: config('bad', 'content: x\ncontentFrom: {configMapKeyRef: {name: a, key: b}}'),
    code: 1,
    shows: [invalid, 'spec.contentFrom', 'exactly one of the two'],
  },
  {
    title: 'no content at all, by a CEL rule',
    run: create,
    input: config('bad', 'group: shop'),
    code: 1,
    shows: [invalid, 'spec.mirror'],
  },
  {
    title: 'several faults at once',
    run: create,
    input: config('bad', `content: x\nformat: ini\ngroup: 'a b'`),
    code: 1,
    shows: ['spec.format', 'spec.group'],
  },
  {
    title: 'a name that is none',
    run: create,
    input: config('Not_A_Name', 'content: x'),
    code: 1,
    shows: [invalid, 'metadata.name'],
  },
  {
    title: 'a label that is none',
    run: create,
    input: config('bad', 'content: x', `labels:\n  'a b': c`),
    code: 1,
    shows: [invalid, 'metadata.labels'],
  },
  {
    title: 'a resource in a namespace that is not there',
    run: 'create -n nowhere -f -',
    input: configMap('bad', 'a: b'),
    code: 1,
    shows: ['namespaces "nowhere" not found'],
  },
  {
    title: 'a kind that is not there',
    run: create,
    input: config('bad', 'content: x').replace('NacosConfig', 'NacosTeapot'),
    code: 1,
    shows: ['no matches for kind "NacosTeapot" in version "bridge.nacos.io/v1alpha1"'],
  },
  {
    title: 'a key of a ConfigMap that is none',
    run: create,
    input: configMap('bad', `'a b': c`),
    code: 1,
    shows: [invalid, 'data[a b]'],
  },
  {
    title: 'a Service without ports',
    run: create,
    input: 'apiVersion: v1\nkind: Service\nmetadata:\n  name: bad\nspec:\n  selector: {a: b}\n',
    code: 1,
    shows: [invalid, 'spec.ports'],
  },
  {
    title: 'a Deployment whose labels do not fit',
    run: create,
    input:
      'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: bad\nspec:\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: c}}\n    spec: {containers: [{name: a, image: b}]}\n',
    code: 1,
    shows: [invalid, 'spec.template.metadata.labels'],
  },
  {
    title: 'nothing of what is right',
    run: create,
    input: config('good', 'content: x\ngroup: shop'),
    shows: ['good created'],
  },
  {
    title: 'a change of what must not change',
    run: `patch ncfg good --type=merge -p '{"spec":{"group":"other"}}'`,
    code: 1,
    shows: [invalid, 'spec.group', 'must not change'],
  },
  {
    title: 'a change by apply of what must not change',
    run: 'apply -f -',
    input: config('good', 'content: x\ngroup: other'),
    code: 1,
    shows: [invalid, 'spec.group', 'must not change'],
  },
  {
    title: 'a patch that breaks the schema',
    run: `patch ncfg good --type=merge -p '{"spec":{"suspend":"yes"}}'`,
    code: 1,
    shows: [invalid, 'spec.suspend'],
  },
  { title: 'a patch that is no JSON', run: `patch ncfg good --type=merge -p '{"spec":'`, code: 1 },
  {
    title: 'a status that breaks the schema',
    run: `patch ncfg good --subresource=status --type=merge -p '{"status":{"syncedMd5":"x"}}'`,
    code: 1,
    shows: [invalid, 'status.syncedMd5'],
  },
  {
    title: 'an unknown field of a patch with a warning only',
    run: `patch ncfg good --type=merge -p '{"spec":{"colour":"red"}}'`,
    shows: ['patched (no change)'],
  },
  {
    title: 'an unknown field with a warning where it asks for no more',
    run: 'apply --validate=warn -f -',
    input: config('warned', 'content: x\ncolour: red'),
    shows: ['Warning: unknown field "spec.colour"', 'warned created'],
  },
  {
    title: 'an edit that breaks a rule, and keeps what is stored',
    run: `replace -f -`,
    input: config('good', 'content: " "\ngroup: shop'),
    code: 1,
    shows: [invalid, 'spec.content', 'must not be blank'],
  },
  {
    title: 'a change of an immutable ConfigMap (1)',
    run: create,
    input: `${configMap('fixed', 'a: b')}immutable: true\n`,
    shows: ['created'],
  },
  {
    title: 'a change of an immutable ConfigMap (2)',
    run: `patch cm fixed -p '{"data":{"a":"c"}}'`,
    code: 1,
    shows: [invalid, 'data: '],
  },
  {
    title: 'a CRD that is none',
    run: create,
    input:
      'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: bad\nspec:\n  group: example.com\n  scope: Namespaced\n  names: {kind: Bad, plural: bads}\n  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]\n',
    code: 1,
    shows: [invalid, 'metadata.name'],
  },
];

export const refusing: Chapter = {
  title: 'is refused',
  namespace: 'refusing',
  steps: steps.map((step) => (step.code === 1 ? { ...step, compare: 'shown' } : step)),
};
