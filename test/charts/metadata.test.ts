import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { chartCopy } from '../../scripts/generate/chart.ts';
import { loadCrds } from '../../scripts/generate/crd.ts';

const root = path.join(import.meta.dirname, '../..');

interface ChartFile {
  readonly name: string;
  readonly version: string;
  readonly appVersion: string;
  readonly kubeVersion: string;
  readonly annotations: Record<string, string>;
}
const chart = parse(readFileSync(path.join(root, 'charts/nacos-bridge/Chart.yaml'), 'utf8')) as ChartFile;
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { name: string; version: string };

describe('The chart', () => {
  it('has the name and the version of the package', () => {
    assert.deepEqual([chart.name, chart.appVersion], [manifest.name, manifest.version]);
  });

  it('asks for a Kubernetes version whose CRDs have CEL rules', () => {
    assert.equal(chart.kubeVersion, '>=1.29.0-0');
  });

  it('names every CRD in its annotations', async () => {
    const crds = await loadCrds(path.join(root, 'crds'));
    const announced = parse(chart.annotations['artifacthub.io/crds'] ?? '') as { kind: string; version: string }[];
    assert.deepEqual(
      announced.map(({ kind, version }) => `${kind}/${version}`).sort(),
      crds.map(({ kind, version }) => `${kind}/${version}`).sort(),
    );
  });

  it('carries the CRDs as they are in crds/', async () => {
    const copies = (await loadCrds(path.join(root, 'crds'))).map(chartCopy);
    for (const { file, content } of copies) assert.equal(readFileSync(path.join(root, file), 'utf8'), content, file);
  });
});
