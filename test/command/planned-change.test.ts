import assert from 'node:assert/strict';
import { plannedChange } from '../../operator/command/planned-change.ts';
import type { ConfigItem, Decision } from '../../operator/config-sync/decide.ts';
import { md5Of } from '../../operator/nacos/config/config-snapshot.ts';

const [ours, theirs] = ['the-password', 'another-password'];

function change(plan: object, isSecret: boolean, held: string | undefined = theirs) {
  const decision = { plan, observed: { content: held, md5: held === undefined ? undefined : md5Of(held) } };
  const item = {
    declared: { kind: 'present', content: async () => ours, md5: md5Of(ours) },
    place: { isSecret },
    session: { address: { namespaceId: '', group: 'g', dataId: 'app' } },
  };
  return plannedChange(decision as Decision, item as Partial<ConfigItem> as ConfigItem, 'NacosConfig shop/app');
}

const publish = { kind: 'publish', cas: { md5: md5Of(theirs) } };
const conflict = {
  kind: 'conflict',
  message: `The dataId exists (Nacos md5 ${md5Of(theirs)}; declared md5 ${md5Of(ours)})`,
};
const told = new RegExp([ours, theirs, md5Of(ours), md5Of(theirs)].join('|'));

describe('a planned change of content that is in a Secret', () => {
  it('shows that it is one, and nothing of either content, no digest either', async () => {
    const { patch, verdict } = await change(publish, true);
    assert.equal(verdict, 'updated');
    assert.match(patch, /^-\(other content, not shown\)\n\+\(content of a Secret, not shown\)$/m);
    assert.doesNotMatch(patch, told);
    assert.match((await change(publish, false)).patch, told);
  });

  it('shows no content where the same is there already', async () => {
    assert.equal((await change(publish, true, ours)).patch, '');
  });

  it('says why nothing is written without a digest', async () => {
    assert.match((await change(conflict, true)).message, /^The dataId exists/);
    assert.doesNotMatch((await change(conflict, true)).message, told);
    assert.match((await change(conflict, false)).message, told);
  });
});
