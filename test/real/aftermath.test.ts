/**
 * What must be true of everything that was run before in the same world; the last file of a run.
 */
import assert from 'node:assert/strict';
import { nacosVersion, sharedWorld, startLimitMs } from './shared-world.ts';
import type { RealWorld } from './world.ts';

const shownLines = 10;

describe(`after all tests with Nacos ${nacosVersion}`, function () {
  this.timeout(60_000);
  let world: RealWorld;

  before(async function () {
    this.timeout(startLimitMs);
    world = await sharedWorld();
  });

  it('the API server has denied the operator nothing that it asked for', async () => {
    const denied = (await world.kubernetes.auditEvents()).filter(
      ({ user, annotations, requestReceivedTimestamp }) =>
        user.username === world.operatorUsername &&
        annotations?.['authorization.k8s.io/decision'] === 'forbid' &&
        !isDuringOutage(world, requestReceivedTimestamp),
    );
    assert.deepEqual(unique(denied.map(({ verb, requestURI }) => `${verb} ${requestURI}`)), []);
  });

  it("the operator's log has no denied verb", async () => {
    const lines = (await world.operator.log()).split('\n');
    // A namespace that is being deleted refuses new objects with the same status; no right is missing there.
    const denied = lines.filter(
      (line) => /ApiForbidden|KUBE_FORBIDDEN|is forbidden/.test(line) && !isDuringOutage(world, timestampOf(line)),
    );
    assert.deepEqual(unique(denied.filter((line) => !/KUBE_TERMINATING|NamespaceTerminating/.test(line))), []);
  });

  it('the Nacos password is in no log, event, status or metric', async () => {
    const { password } = world.nacos;
    assert.ok(world.leakWatch.objectsRead > 0, 'the watch must have seen objects');
    assert.deepEqual(world.leakWatch.findings, []);
    const texts = {
      "the operator's log": await world.operator.log(),
      'the metrics': await world.operator.metrics(),
      'the audit log of the API server': JSON.stringify(await world.kubernetes.auditEvents()),
    };
    for (const [where, text] of Object.entries(texts)) {
      assert.ok(text.length > 0, `${where} must not be empty`);
      assert.ok(!text.includes(password), `the password is in ${where}`);
    }
  });
});

/** An API server that starts denies everything until it has read its roles; it says that it is not ready meanwhile. */
function isDuringOutage({ apiserverOutages }: RealWorld, timestamp: string): boolean {
  const timeMs = Date.parse(timestamp);
  return apiserverOutages.some(({ fromMs, toMs }) => timeMs >= fromMs && timeMs <= toMs);
}

function timestampOf(line: string): string {
  return (JSON.parse(line) as { timestamp: string }).timestamp;
}

function unique(lines: readonly string[]): string[] {
  return [...new Set(lines)].slice(0, shownLines);
}
