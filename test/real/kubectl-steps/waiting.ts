/**
 * What takes time: watches, waits, deletions that something holds up.
 */
import { config, documents } from './manifests.ts';
import type { Chapter } from './step.ts';

const merge = (name: string, patch: object, more = ''): string =>
  `patch ncfg ${name} --type=merge ${more} -p '${JSON.stringify(patch)}'`;
const ready = {
  status: {
    conditions: [
      { type: 'Ready', status: 'True', reason: 'Synced', message: 'done', lastTransitionTime: '2026-01-01T00:00:00Z' },
    ],
  },
};

export const waiting: Chapter = {
  title: 'waits and watches',
  namespace: 'waiting',
  steps: [
    {
      title: 'makes objects to wait for',
      run: 'apply -f -',
      input: documents(
        config('one', 'content: x'),
        config('two', 'content: x'),
        config('held', 'content: x', 'finalizers: [example.com/hold]'),
      ),
    },
    {
      title: 'waits for a condition that comes',
      run: 'wait ncfg/one --for=condition=Ready --timeout=15s',
      meanwhile: [merge('one', ready, '--subresource=status')],
      shows: ['nacosconfig.bridge.nacos.io/one condition met'],
    },
    {
      title: 'waits for a condition that is there',
      run: 'wait ncfg/one --for=condition=Ready --timeout=15s',
      shows: ['condition met'],
    },
    {
      title: 'waits in vain',
      run: 'wait ncfg/two --for=condition=Ready --timeout=1s',
      code: 1,
      shows: ['error: timed out waiting for the condition on nacosconfigs/two'],
    },
    {
      title: 'waits for a value',
      run: `wait ncfg/two '--for=jsonpath={.spec.description}=done' --timeout=15s`,
      meanwhile: [merge('two', { spec: { description: 'done' } })],
      shows: ['condition met'],
    },
    {
      title: 'waits for a deletion',
      run: 'wait ncfg/two --for=delete --timeout=15s',
      meanwhile: ['delete ncfg two'],
      shows: ['two condition met'],
    },
    { title: 'waits for a creation', run: 'wait ncfg/one --for=create --timeout=15s', shows: ['condition met'] },
    {
      title: 'waits for all of a kind',
      run: 'wait ncfg --all --for=jsonpath={.spec.content}=x --timeout=15s',
      shows: ['one condition met', 'held condition met'],
    },
    {
      title: 'watches additions, changes and deletions',
      run: 'get ncfg --watch --output-watch-events',
      endless: true,
      meanwhile: [
        'create configmap noise',
        'label ncfg one colour=red',
        merge('one', { spec: { group: 'DEFAULT_GROUP', description: 'seen' } }),
        'delete ncfg one',
      ],
      shows: ['EVENT NAME READY', 'ADDED one', 'ADDED held', 'MODIFIED one', 'DELETED one'],
    },
    {
      title: 'watches one object',
      run: 'get cm noise --watch -o name',
      endless: true,
      meanwhile: ['label cm noise a=b', 'label cm noise a-'],
      shows: [/(configmap\/noise\n){3}/],
    },
    {
      title: 'watches from now on only',
      run: 'get cm --watch-only --request-timeout=1s -o name',
      code: 0,
      hides: ['noise'],
    },
    {
      title: 'deletes without waiting for what holds it',
      run: 'delete ncfg held --wait=false',
      shows: ['"held" deleted'],
    },
    {
      title: 'finds it on its way out',
      run: `get ncfg held -o 'jsonpath={.metadata.deletionTimestamp} {.metadata.finalizers} {.metadata.deletionGracePeriodSeconds} {.metadata.generation}'`,
      shows: ['TIME ["example.com/hold"] 0'],
    },
    {
      title: 'gives up waiting for a deletion',
      run: 'delete ncfg held --timeout=1s',
      code: 1,
      shows: ['timed out waiting for the condition on'],
    },
    {
      title: 'cannot add a finalizer now',
      run: merge('held', { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } }),
      code: 1,
      shows: ['metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted'],
    },
    {
      title: 'waits for a deletion that is let go',
      run: 'delete ncfg held --timeout=15s',
      meanwhile: [merge('held', { metadata: { finalizers: null } })],
      shows: ['"held" deleted'],
    },
    { title: 'finds it gone', run: 'get ncfg held', code: 1, shows: ['not found'] },
    { title: 'deletes by a label (1)', run: 'create configmap chosen' },
    { title: 'deletes by a label (2)', run: 'label cm chosen pick=me' },
    { title: 'deletes by a label (3)', run: 'delete cm -l pick=me', shows: ['configmap "chosen" deleted'] },
    {
      title: 'tries a deletion',
      run: 'delete cm noise --dry-run=server',
      shows: ['configmap "noise" deleted (server dry run)'],
    },
    { title: 'finds it still there', run: 'get cm noise -o name', shows: ['configmap/noise'] },
    { title: 'deletes all of a kind', run: 'delete cm --all', shows: ['configmap "noise" deleted'] },
  ],
};
