/**
 * Items that nobody's NacosConfig stands behind: what is decided about them and done is the same, and what must be
 * durable before anything is written is asked of whoever has them.
 */
import assert from 'node:assert/strict';
import { applyDecision, type ContentReport } from '../../operator/config-sync/apply.ts';
import { decideItem, validateItem, type ConfigItem } from '../../operator/config-sync/decide.ts';
import type { DeclaringIntent } from '../../operator/config-sync/intent.ts';
import { absent, present } from '../../operator/config-sync/places/content-place.ts';
import { ConfigSession, type SessionStart } from '../../operator/config-sync/session.ts';
import type { ConnectionHandle } from '../../operator/connections/connection-directory.ts';
import { BridgeError } from '../../operator/errors.ts';
import { md5Of } from '../../operator/nacos/index.ts';

const address = { namespaceId: '', group: 'g', dataId: 'd' };
const mark = 'nacos-bridge-0123456789abcdef';
const place = { id: 'here', namespaceId: '', servers: ['nacos:8848'], hasUnbound: false };
const baseOf = (text: string) => ({ md5: md5Of(text), place, isOurs: true });

/** One item of one key of something, between Kubernetes and Nacos that are texts in memory. */
class Item {
  kubernetes: string | undefined;
  nacos: string | undefined;
  /** What was asked of the owner, read and written, in order. */
  readonly calls: string[] = [];
  keepMd5: string | undefined;
  /** Whether what is declared besides the content is read although nothing is new. */
  checksMetadata = false;
  description: string | undefined;
  /** Whether the next write back fails. */
  isTaken = false;
  readonly #session: ConfigSession;

  constructor(kubernetes: string | undefined, nacos: string | undefined, base?: string, stored?: string) {
    this.kubernetes = kubernetes;
    this.nacos = nacos;
    const start: SessionStart = {
      base: base === undefined ? undefined : baseOf(base),
      storedBase: stored === undefined ? undefined : async () => this.#did('read base', baseOf(stored)),
      metadataGeneration: 1,
      expectedMd5: undefined,
    };
    this.#session = new ConfigSession(this.#connection(), address, place, start, () => {});
  }

  async sync(): Promise<ContentReport> {
    const item: ConfigItem = {
      intent: { ...bothWays, description: this.description },
      checksMetadata: this.checksMetadata,
      generation: 1,
      place: {
        title: 'the key',
        isSecret: false,
        namespace: 'ns',
        read: async () => assert.fail('it was read'),
        write: async (content) => this.#writeBack(content),
      },
      declared: this.kubernetes === undefined ? absent('there is no key') : present(this.kubernetes),
      session: this.#session,
      mark,
      keep: { md5: this.keepMd5, command: (md5: string) => `keep ${md5}` },
    };
    await validateItem(item);
    return applyDecision(await decideItem(item), item, {
      hold: async ({ plan }) => this.#did(`hold ${plan.kind}`, undefined),
      dropKeep: async () => this.#did('drop keep', (this.keepMd5 = undefined)),
    });
  }

  #did<T>(what: string, result: T): T {
    this.calls.push(what);
    return result;
  }

  #writeBack(content: string): void {
    this.#did('write back', undefined);
    if (this.isTaken) throw new BridgeError('KUBE_CONFLICT', 'it was changed');
    this.kubernetes = content;
  }

  #connection(): ConnectionHandle {
    const held = () => {
      const { nacos } = this;
      return nacos === undefined ? undefined : { content: nacos, md5: md5Of(nacos) };
    };
    const observation = () => {
      const snapshot = held();
      return snapshot ? { kind: 'present', snapshot } : { kind: 'absent' };
    };
    const config = {
      watchVersions: () => ({
        get current() {
          return observation();
        },
      }),
      readStored: async () => {
        this.#did('read', undefined);
        const metadata = { tags: [], description: '', appName: '', type: 'text', srcUser: 'alice', srcIp: '' };
        return held() && { ...held(), ...metadata };
      },
      publish: async (_: unknown, content: string) => {
        this.#did('publish', undefined);
        this.nacos = content;
      },
    };
    const client = { config, state: { kind: 'connected' } };
    return { title: 'Nacos', client, namespaceId: '' } as unknown as ConnectionHandle;
  }
}

const bothWays: DeclaringIntent = {
  source: 'Both',
  address,
  content: { kind: 'configMap', name: 'm', key: 'k' },
  conflictPolicy: 'Manual',
  validation: { syntax: true },
  format: 'text',
  declaresFormat: false,
  tags: undefined,
  description: undefined,
  appName: undefined,
  mirror: undefined,
  rollout: undefined,
  suspend: false,
};

describe('an item', () => {
  it('is held by its owner before it is published', async () => {
    const item = new Item('new', undefined);
    const report = await item.sync();
    assert.deepEqual(item.calls, ['hold publish', 'publish']);
    assert.equal(item.nacos, 'new');
    assert.deepEqual([report.wrote, report.base?.md5], [true, md5Of('new')]);
  });

  it('costs no read and no write while both sides are equal', async () => {
    const item = new Item('same', 'same', 'same');
    assert.equal((await item.sync()).wrote, false);
    assert.deepEqual(item.calls, ['hold in-sync']);
  });

  it('has what is declared besides put back, when it is looked at', async () => {
    const item = new Item('same', 'same', 'same');
    item.description = 'declared';
    await item.sync();
    item.checksMetadata = true;
    await item.sync();
    assert.deepEqual(item.calls, ['hold in-sync', 'read', 'hold publish', 'publish']);
  });

  it('is written back from Nacos when only Nacos has moved', async () => {
    const item = new Item('old', 'new', 'old');
    await item.sync();
    assert.deepEqual(item.calls, ['read', 'hold write-back', 'write back']);
    assert.equal(item.kubernetes, 'new');
  });

  it('is no conflict on a base that is older than the stored one', async () => {
    const item = new Item('here', 'there', 'long ago', 'there');
    assert.equal((await item.sync()).synced?.status, 'True');
    assert.deepEqual(item.calls, ['read', 'read base', 'read', 'hold publish', 'publish']);
  });

  it('is a conflict on the stored base, and asks for it once', async () => {
    const item = new Item('here', 'there', 'long ago', 'long ago');
    const reasons = [(await item.sync()).synced?.reason, (await item.sync()).synced?.reason];
    assert.deepEqual(reasons, ['Conflict', 'Conflict']);
    assert.deepEqual(item.calls, ['read', 'read base', 'hold conflict', 'read', 'hold conflict']);
  });

  it('uses the decision of a person up before it does what that says, and does it in the end', async () => {
    const item = new Item('here', 'there', 'base');
    item.keepMd5 = md5Of('there');
    item.isTaken = true;
    await assert.rejects(item.sync(), { code: 'KUBE_CONFLICT' });
    assert.deepEqual(item.calls, ['read', 'hold write-back', 'drop keep', 'write back']);
    item.isTaken = false;
    await item.sync();
    assert.equal(item.kubernetes, 'there');
  });

  it('says whose content it is that is not written back', async () => {
    const item = new Item('old', ' ', 'old');
    await assert.rejects(item.sync(), {
      code: 'INVALID_CONTENT',
      message: /^What Nacos holds is not written to the key: /,
    });
    assert.equal(item.kubernetes, 'old');
  });

  it('is refused before anything is read when its content is not right', async () => {
    const item = new Item(' ', 'there', 'base');
    await assert.rejects(item.sync(), { code: 'INVALID_CONTENT' });
    assert.deepEqual(item.calls, []);
  });
});
