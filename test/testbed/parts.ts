/**
 * The parts of the testbed: what is built, from which sources, at which version. The version is read from the part's own
 * go.mod, pom.xml or requirements.txt, so an upgrade is one edit there; the folder a part is built into carries that version and a digest of
 * its sources, so an edited launcher or a changed dependency builds anew as well.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from './cache.ts';

export type GoPartName = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kwok' | 'helm' | 'nacos-sdk';
type NacosPartName = 'nacos-3.1' | 'nacos-2.3';
type PythonPartName = 'nacos-python';
export type PartName = GoPartName | NacosPartName | PythonPartName;

interface PartSource {
  readonly name: PartName;
  /** What is built: the upstream version, without a leading v. */
  readonly version: string;
  /** The folder of go.mod, pom.xml or requirements.txt. */
  readonly sourceDir: string;
  /** Where the whole part lies once it is built; absent until then. */
  readonly dir: string;
}
export interface GoPart extends PartSource {
  readonly kind: 'go';
  readonly name: GoPartName;
  readonly package: string;
}
export interface NacosPart extends PartSource {
  readonly kind: 'maven';
  readonly name: NacosPartName;
}
/** A virtual environment with what requirements.txt pins; the program in it runs from `sourceDir`. */
export interface PythonPart extends PartSource {
  readonly kind: 'python';
  readonly name: PythonPartName;
}
export type Part = GoPart | NacosPart | PythonPart;

const partsDir = join(import.meta.dirname, 'parts');

/** In the order they are built: the parts that compile longest come first, so that a failure there is known early. */
export function parts(): readonly Part[] {
  return [
    goPart('kube-apiserver', 'kubernetes', 'k8s.io/kubernetes', 'k8s.io/kubernetes/cmd/kube-apiserver'),
    goPart(
      'kube-controller-manager',
      'kubernetes',
      'k8s.io/kubernetes',
      'k8s.io/kubernetes/cmd/kube-controller-manager',
    ),
    goPart('etcd', 'etcd', 'go.etcd.io/etcd/server/v3', 'go.etcd.io/etcd/server/v3'),
    goPart('kwok', 'kwok', 'sigs.k8s.io/kwok', 'sigs.k8s.io/kwok/cmd/kwok'),
    goPart('helm', 'helm', 'helm.sh/helm/v4', 'helm.sh/helm/v4/cmd/helm'),
    goPart('nacos-sdk', 'nacos-sdk', 'github.com/nacos-group/nacos-sdk-go/v2', '.'),
    nacosPart('nacos-3.1'),
    nacosPart('nacos-2.3'),
    pythonPart('nacos-python', 'nacos-sdk-python'),
  ];
}

export function findPart(name: PartName): Part {
  const part = parts().find((candidate) => candidate.name === name);
  if (!part) throw new Error(`there is no part named ${name}`);
  return part;
}

/** The executable of a Go part. */
export function binary(name: GoPartName): string {
  return join(findPart(name).dir, name);
}

function goPart(name: GoPartName, folder: string, module: string, packagePath: string): GoPart {
  const sourceDir = join(partsDir, folder);
  const version = requiredVersion(readFileSync(join(sourceDir, 'go.mod'), 'utf8'), module);
  return { kind: 'go', name, version, sourceDir, dir: builtDir(name, version, sourceDir), package: packagePath };
}

function nacosPart(name: NacosPartName): NacosPart {
  const sourceDir = join(partsDir, name);
  const pom = readFileSync(join(sourceDir, 'pom.xml'), 'utf8');
  // The rebuilds carry a suffix of their own ("3.1.0-bugfix"); what speaks on the wire is the version before it.
  const version = /<nacos\.version>([\d.]+)/.exec(pom)?.[1];
  if (!version) throw new Error(`${join(sourceDir, 'pom.xml')} must set the property nacos.version`);
  return { kind: 'maven', name, version, sourceDir, dir: builtDir(name, version, sourceDir) };
}

function pythonPart(name: PythonPartName, distribution: string): PythonPart {
  const sourceDir = join(partsDir, name);
  const lines = readFileSync(join(sourceDir, 'requirements.txt'), 'utf8').split('\n');
  const version = /==([\d.]+)/.exec(lines.find((line) => line.startsWith(`${distribution}==`)) ?? '')?.[1];
  if (!version) throw new Error(`${join(sourceDir, 'requirements.txt')} must pin ${distribution}`);
  return { kind: 'python', name, version, sourceDir, dir: builtDir(name, version, sourceDir) };
}

/** The version that a go.mod requires of a module: `require M v1.2.3` or the same line in a block. */
export function requiredVersion(goMod: string, module: string): string {
  const line = goMod.split('\n').find((text) =>
    text
      .replace(/^require\s+/, '')
      .trim()
      .startsWith(`${module} v`),
  );
  const version = line && /\sv(\S+)/.exec(line)?.[1];
  if (!version) throw new Error(`go.mod must require ${module}`);
  return version;
}

function builtDir(name: PartName, version: string, sourceDir: string): string {
  const digest = createHash('sha256');
  for (const file of readdirSync(sourceDir).toSorted()) {
    if (/^go\.(mod|sum)$|^pom\.xml$|^requirements\.txt$|\.(go|java)$/.test(file))
      digest.update(file).update(readFileSync(join(sourceDir, file)));
  }
  return join(cacheDir(), 'testbed', `${name}-${version}-${digest.digest('hex').slice(0, 8)}`);
}
