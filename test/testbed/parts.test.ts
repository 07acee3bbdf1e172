import assert from 'node:assert/strict';
import { join } from 'node:path';
import { cacheDir } from './cache.ts';
import { parts, requiredVersion } from './parts.ts';

describe('the parts of the testbed', () => {
  const goMods = [
    { title: 'a line of its own', text: 'module m\n\nrequire example.com/a v1.2.3\n', version: '1.2.3' },
    {
      title: 'a block',
      text: 'require (\n\texample.com/b v2.0.0\n\texample.com/a v1.2.3 // indirect\n)\n',
      version: '1.2.3',
    },
    {
      title: 'a module whose name begins alike',
      text: 'require (\n\texample.com/a/x v9.0.0\n\texample.com/a v1.0.0\n)',
      version: '1.0.0',
    },
  ];
  for (const { title, text, version } of goMods) {
    it(`read their version from ${title} of go.mod`, () => {
      assert.equal(requiredVersion(text, 'example.com/a'), version);
    });
  }

  it('lie in folders that carry name, version and a digest of the sources', () => {
    for (const part of parts()) {
      assert.match(part.version, /^\d+\.\d+\.\d+$/, part.name);
      assert.ok(part.dir.startsWith(join(cacheDir(), 'testbed', `${part.name}-${part.version}-`)), part.dir);
    }
    assert.equal(new Set(parts().map(({ dir }) => dir)).size, parts().length);
  });

  const places = [
    { env: { NACOS_TESTBED_CACHE: '/own', XDG_CACHE_HOME: '/xdg' }, dir: '/own' },
    { env: { XDG_CACHE_HOME: '/xdg' }, dir: '/xdg/nacos-bridge' },
  ];
  for (const { env, dir } of places) {
    it(`are kept in ${dir} given ${Object.keys(env).join(' and ')}`, () => assert.equal(cacheDir(env), dir));
  }
});
