/**
 * What the pages refer to exists: files, headings, npm scripts, metrics, reasons.
 */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { catalogue } from '../../operator/error-catalogue.ts';
import { describeMetrics } from '../../scripts/generate/metrics-table.ts';

const root = path.join(import.meta.dirname, '../..');
const pages = globSync(['*.md', '{docs,examples,charts,test,crds}/**/*.md'], { cwd: root });
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts);

/** Reasons that are no failures, so that the catalogue does not have them. */
const otherReasons = ['Drifted', 'RemoteMissing'];

describe('The documentation', () => {
  it('is found', () => {
    assert.ok(pages.includes('README.md') && pages.includes('docs/architecture.md'), pages.join());
  });

  for (const page of pages) {
    it(`links from ${page} to files that exist`, () => {
      const targets = [...withoutCode(read(page)).matchAll(/\]\((?!https?:)([^)#\s]+)(#[^)]*)?\)/g)].map(
        ([, target]) => target,
      );
      const missing = targets.filter((target) => !existsSync(path.join(root, path.dirname(page), target ?? '')));
      assert.deepEqual(missing, []);
    });

    it(`names in ${page} only npm scripts that exist`, () => {
      const named = [...read(page).matchAll(/npm (?:run |(?=start|test))([a-z:]+)/g)].map(([, name]) => name ?? '');
      assert.deepEqual(
        named.filter((name) => !scripts.includes(name)),
        [],
      );
    });
  }

  it('names only metrics that exist', () => {
    const known = describeMetrics().flatMap(({ name }) => [name, `${name}_bucket`, `${name}_count`, `${name}_sum`]);
    const named = pages.flatMap((page) => read(page).match(/\bnacos_bridge_[a-z_]*[a-z]\b/g) ?? []);
    assert.deepEqual(
      named.filter((name) => !known.includes(name)),
      [],
    );
  });

  it('has a runbook whose reasons exist', () => {
    const headings = read('docs/runbook.md').match(/(?<=^## )[A-Z][A-Za-z]+(, [A-Z][A-Za-z]+)*$/gm) ?? [];
    const known = new Set<string>([...Object.values(catalogue).map(({ reason }) => reason), ...otherReasons]);
    assert.ok(headings.length > 5, 'the headings must be found');
    assert.deepEqual(
      headings.flatMap((heading) => heading.split(', ')).filter((reason) => !known.has(reason)),
      [],
    );
  });

  it('lists every decision', () => {
    const decisions = globSync('docs/adr/[0-9]*.md', { cwd: root }).map((file) => path.basename(file));
    assert.deepEqual(
      decisions.filter((file) => !read('docs/adr/README.md').includes(`(${file})`)),
      [],
    );
  });

  it('has every code of the catalogue, with its reason, in its error table', () => {
    const rows = read('docs/errors.md').match(/^\| `\w+` +\| `\w+`/gm) ?? [];
    assert.deepEqual(
      rows.map((row) => row.match(/\w+/g)),
      Object.entries(catalogue).map(([code, { reason }]) => [reason, code]),
    );
  });
});

function withoutCode(page: string): string {
  return page.replaceAll(/^```.*?^```/gms, '').replaceAll(/`[^`\n]*`/g, '');
}
