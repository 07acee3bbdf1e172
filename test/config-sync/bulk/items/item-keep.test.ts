import assert from 'node:assert/strict';
import { KEEP_ANNOTATION } from '../../../../operator/api/names.ts';
import { keepCommand, keptKeys, keptMd5, withoutKey } from '../../../../operator/config-sync/bulk/items/item-keep.ts';

const one = '1'.repeat(32);
const other = '2'.repeat(32);
const third = '3'.repeat(32);

function configMap(keep: string) {
  return { metadata: { name: 'shop', annotations: { [KEEP_ANNOTATION]: keep } } };
}

describe('The annotation that decides a conflict of an item', () => {
  const cases: readonly { title: string; keep: string; kept: string | undefined }[] = [
    { title: 'decides for the first of the two contents that it names', keep: `a:${one}:${other}`, kept: one },
    { title: 'decides for either side', keep: `a:${other}:${one}`, kept: other },
    { title: 'decides no later conflict', keep: `a:${one}:${third}`, kept: undefined },
    { title: 'decides for no other key', keep: `b:${one}:${other}`, kept: undefined },
    { title: 'decides for one of several keys', keep: `b:${one}:${third},a:${one}:${other}`, kept: one },
    { title: 'decides nothing without the other content', keep: `a:${one}`, kept: undefined },
  ];
  for (const { keep, kept, title } of cases) {
    it(title, () => assert.equal(keptMd5(configMap(keep), 'a', [one, other]), kept));
  }

  it('decides that what was removed is made again', () => {
    assert.equal(keptMd5(configMap(`a:${one}:-`), 'a', [one, undefined]), one);
  });

  it('is said by the command that the conflict prints', () => {
    const command = keepCommand('ns', { kind: 'ConfigMap', name: 'shop', key: 'a' })(one, other);
    assert.equal(command, `kubectl annotate configmap shop -n ns --overwrite ${KEEP_ANNOTATION}=a:${one}:${other}`);
    const value = command.slice(command.indexOf('=') + 1);
    assert.equal(keptMd5(configMap(value), 'a', [one, other]), one);
  });

  it('loses the key that is decided, and keeps what it says of others', () => {
    const object = configMap(`a:${one}:${other},b:${one}:${third}`);
    assert.deepEqual(keptKeys(object), ['a', 'b']);
    assert.equal(withoutKey(object, 'a'), `b:${one}:${third}`);
    assert.equal(withoutKey(configMap(`a:${one}:${other}`), 'a'), undefined);
  });
});
