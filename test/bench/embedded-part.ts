/**
 * One embedded server in a process of its own, so that its work is the same for everybody who is measured at it: tells the
 * parent where it is, and answers each message with what it was asked to do since the last one.
 *
 * Usage, by config-stage.ts only: `embedded-part.ts kubernetes|nacos`.
 */
import { readManifests } from '../../operator/admission/package-files.ts';
import { FaultScript } from '../../sandbox/fault-script.ts';
import { startEmbeddedKubernetes } from '../../sandbox/kubernetes/embedded-kubernetes.ts';
import type { KubeObject } from '../../sandbox/kubernetes/object.ts';
import { startEmbeddedNacos } from '../../sandbox/nacos/embedded-nacos.ts';
import { FaultWitness } from '../embedded/fault-witness.ts';

export interface KubernetesPart {
  readonly kubeconfig: string;
}

export interface NacosPart {
  readonly host: string;
  readonly port: number;
  readonly grpcPort: number;
}

const faults = new FaultScript();
const witness = new FaultWitness(faults);
process.send?.(await (process.argv[2] === 'kubernetes' ? startKubernetes() : startNacos()));
process.on('message', () => {
  process.send?.(witness.counts());
  witness.reset();
});
process.on('disconnect', () => process.exit());

async function startKubernetes(): Promise<KubernetesPart> {
  const { cluster, kubeconfig } = await startEmbeddedKubernetes({ faults });
  const definitions = cluster.types.findKind('apiextensions.k8s.io/v1', 'CustomResourceDefinition')!;
  for (const manifest of await readManifests('crds')) {
    cluster.create(definitions, manifest as KubeObject, { manager: 'bench' });
  }
  return { kubeconfig };
}

async function startNacos(): Promise<NacosPart> {
  const { host, port, grpcPort } = await startEmbeddedNacos({ faults });
  return { host, port, grpcPort };
}
