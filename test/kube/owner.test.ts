import assert from 'node:assert/strict';
import { controllerOf, isControlledBy, ownerReference } from '../../operator/kube/owner.ts';

const owner = { apiVersion: 'x.io/v1', kind: 'Thing', metadata: { name: 'a', uid: 'u' } };

describe('an owner reference', () => {
  it('makes an object controlled by its owner, and by nobody else', () => {
    const reference = ownerReference(owner, { controller: true });
    const owned = {
      metadata: { name: 'b', ownerReferences: [{ ...reference, uid: 'v', controller: false }, reference] },
    };
    assert.equal(isControlledBy(owned, 'u'), true);
    assert.equal(isControlledBy(owned, 'v'), false);
    assert.equal(controllerOf(owned), reference);
    assert.equal(isControlledBy({ metadata: { name: 'b' } }, 'u'), false);
  });

  it('needs no control', () => {
    const expected = { apiVersion: 'x.io/v1', kind: 'Thing', name: 'a', uid: 'u' };
    assert.deepEqual(ownerReference(owner, { controller: false }), expected);
  });

  it('cannot be made of an object that the API server has not seen', () => {
    assert.throws(() => ownerReference({ ...owner, metadata: { name: 'a' } }, { controller: true }), TypeError);
  });
});
