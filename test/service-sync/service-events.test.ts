import assert from 'node:assert/strict';
import { BridgeError } from '../../operator/errors.ts';
import { exportOfAnnotations } from '../../operator/service-sync/service-annotations.ts';
import { ServiceEvents } from '../../operator/service-sync/service-events.ts';
import { judge, type ServiceFindings } from '../../operator/service-sync/verdicts.ts';
import { service } from './objects.ts';
import { findings, publication } from './publication.ts';

const id = 'Service shop/orders';
const annotated = service({ annotations: { 'bridge.nacos.io/export': 'true' } });
const rules = exportOfAnnotations(annotated);
assert.ok(rules);
const own = { export: rules };
const well = findings([publication(own)]);
const refused = new BridgeError('NACOS_INVALID', 'this is a persistent service');

function setUp() {
  const told: string[] = [];
  const events = new ServiceEvents({
    event: (_, { type, reason, note }) => void told.push(`${type} ${reason}: ${note}`),
  });
  const tell = (found: ServiceFindings, of = annotated) => events.tell(id, of, found, judge(found, 100_000));
  return { events, told, tell };
}

describe('the events of an annotated Service', () => {
  it('tell once that it is published, and again after something else was told', () => {
    const { told, tell } = setUp();
    tell(well);
    tell(well);
    assert.deepEqual(told, ["Normal Published: Registered in Nacos as 'orders' in group 'DEFAULT_GROUP'"]);
    tell(findings([publication(own, { state: { failed: refused } })]));
    assert.match(
      told[1] ?? '',
      /^Warning RefusedByNacos: 'orders' could not be published: this is a persistent service; remove/,
    );
    tell(well);
    assert.equal(told.length, 3);
  });

  it('are none for what was published before, while that stays as it is', () => {
    const { events, told, tell } = setUp();
    events.wasPublished(id);
    tell(well);
    assert.deepEqual(told, []);
    tell(findings([publication(own, { instances: [] })]));
    assert.equal(told.length, 1);
  });

  it('call a problem by the annotation that it is in', () => {
    const { told, tell } = setUp();
    tell(findings([publication({ ...own, problems: [{ field: 'group', message: "'my group' must be" }] })]));
    assert.deepEqual(told, ["Warning Invalid: orders: `bridge.nacos.io/group` 'my group' must be"]);
  });

  it('tell each mistake in the annotations once, published or not', () => {
    const { told, tell } = setUp();
    const none = findings([]);
    const silent = service({ annotations: { 'bridge.nacos.io/export': 'yes' } });
    tell(none, silent);
    tell(none, silent);
    assert.match(
      told.join(),
      /^Warning Invalid: [^,]*`bridge.nacos.io\/export` must be "true" or "false", and is 'yes'[^,]*$/,
    );
  });

  it('are none for a Service that does not ask for anything', () => {
    const { told, tell } = setUp();
    tell(findings([]), service());
    assert.deepEqual(told, []);
  });
});
