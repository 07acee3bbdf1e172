/**
 * Server-side apply: who owns which field, and what happens when two want the same.
 */
import { config } from './manifests.ts';
import type { Chapter } from './step.ts';

const mine = config('shared', 'content: "a: 1"\ngroup: shop\ndescription: mine');
const theirs = config('shared', 'description: theirs');
const connection = (host: string, port: number): string => `apiVersion: bridge.nacos.io/v1alpha1
kind: NacosConnection
metadata:
  name: shared
spec:
  servers:
    - host: ${host}
      port: ${port}
`;

export const owning: Chapter = {
  title: 'applies on the server',
  namespace: 'owning',
  steps: [
    {
      title: 'applies a new object',
      run: 'apply --server-side -f -',
      input: mine,
      shows: ['nacosconfig.bridge.nacos.io/shared serverside-applied'],
    },
    { title: 'applies the same again', run: 'apply --server-side -f -', input: mine, shows: ['serverside-applied'] },
    {
      title: 'is told of a conflict',
      run: 'apply --server-side --field-manager=other -f -',
      input: theirs,
      code: 1,
      shows: [
        'Apply failed with 1 conflict: conflict with "kubectl": .spec.description',
        'Please review the fields above--they currently have other managers.',
      ],
    },
    {
      title: 'tries a forced apply',
      run: 'apply --server-side --field-manager=other --force-conflicts --dry-run=server -f -',
      input: theirs,
      shows: ['serverside-applied (server dry run)'],
    },
    {
      title: 'forces an apply',
      run: 'apply --server-side --field-manager=other --force-conflicts -f -',
      input: theirs,
      shows: ['serverside-applied'],
    },
    {
      title: 'finds the new value and its owner',
      run: 'get ncfg shared -o yaml --show-managed-fields',
      shows: ['description: theirs', 'manager: other', 'manager: kubectl', 'operation: Apply'],
    },
    {
      title: 'lets go of what it no longer owns',
      run: 'apply --server-side -f -',
      input: mine.replace(/ {2}description.*\n/, ''),
      shows: ['serverside-applied'],
    },
    {
      title: 'removes what nobody else declares',
      run: 'apply --server-side --field-manager=other -f -',
      input: config('shared', 'tags: [a]').replace(/content.*/, ''),
      shows: ['serverside-applied'],
    },
    { title: 'finds it removed', run: 'get ncfg shared -o yaml --show-managed-fields', hides: ['description'] },
    {
      title: 'edits against an applied field',
      run: `patch ncfg shared --type=merge -p '{"spec":{"group":"shop","suspend":true}}'`,
      shows: ['patched'],
    },
    {
      title: 'is told of a conflict with an edit',
      run: 'apply --server-side -f -',
      input: config('shared', 'content: "a: 1"\ngroup: shop\nsuspend: false'),
      code: 1,
      shows: ['conflict with "kubectl-patch" using bridge.nacos.io/v1alpha1: .spec.suspend'],
    },
    {
      title: 'merges a list by its keys',
      run: 'apply --server-side --field-manager=one -f -',
      input: connection('nacos-0', 8848),
      shows: ['serverside-applied'],
    },
    {
      title: 'merges an item of its own into it',
      run: 'apply --server-side --field-manager=two -f -',
      input: connection('nacos-1', 8848),
      shows: ['serverside-applied'],
    },
    {
      title: 'finds both items, each with its owner',
      run: 'get nconn shared -o yaml --show-managed-fields',
      shows: ['host: nacos-0', 'host: nacos-1', 'k:{"host":"nacos-1"'],
    },
    {
      title: 'moves an object from client-side to server-side apply (1)',
      run: 'apply -f -',
      input: config('moved', 'content: "a: 1"'),
    },
    {
      title: 'moves an object from client-side to server-side apply (2)',
      run: 'apply --server-side -f -',
      input: config('moved', 'content: "a: 2"'),
      shows: ['serverside-applied'],
    },
    { title: 'finds it moved', run: 'get ncfg moved -o yaml --show-managed-fields' },
    {
      title: 'sees a difference before it applies on the server',
      run: 'diff --server-side -f -',
      input: config('moved', 'content: "a: 3"'),
      code: 1,
      shows: ["+ content: 'a: 3'"],
    },
    {
      title: 'refuses an unknown field',
      run: 'apply --server-side -f -',
      input: config('moved', 'content: "a: 1"\ncolour: red'),
      code: 1,
      shows: ['.spec.colour: field not declared in schema'],
    },
  ],
};
