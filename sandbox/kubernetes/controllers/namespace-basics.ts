/** What every namespace has: the ServiceAccount `default` and the ConfigMap with the CA of the API server. */
import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../object.ts';
import { controllerManager } from './controller-context.ts';
import type { ControllerContext } from './controller-context.ts';
import type { Namespace } from './shapes.ts';
import { keyOf, partsOf, TypedClient } from './typed-client.ts';
import type { KeyQueue } from './work-loop.ts';

const serviceAccountName = 'default';
const certificateName = 'kube-root-ca.crt';
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal ' +
  'service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

export class NamespaceBasics {
  readonly #namespaces: TypedClient<Namespace>;
  readonly #serviceAccounts: TypedClient<KubeObject>;
  readonly #configMaps: TypedClient<KubeObject>;
  readonly #rootCertificate: string;
  readonly #queue: KeyQueue;

  /** @param rootCertificate PEM text */
  constructor({ cluster, view, loop }: ControllerContext, rootCertificate: string) {
    this.#namespaces = new TypedClient(cluster, 'v1', 'Namespace', controllerManager);
    this.#serviceAccounts = new TypedClient(cluster, 'v1', 'ServiceAccount', controllerManager);
    this.#configMaps = new TypedClient(cluster, 'v1', 'ConfigMap', controllerManager);
    this.#rootCertificate = rootCertificate;
    this.#queue = loop.queue('namespace-basics', (key) => this.#sync(key));
    view.on('Namespace', ({ type, object }) => {
      if (type === 'ADDED') this.#queue.add(keyOf(object));
    });
    view.on('ServiceAccount', ({ type, object }) => this.#observe(serviceAccountName, type === 'DELETED', object));
    view.on('ConfigMap', ({ type, object }) => this.#observe(certificateName, type !== 'ADDED', object));
  }

  #observe(name: string, isOfInterest: boolean, { metadata }: KubeObject): void {
    if (isOfInterest && metadata.name === name) this.#queue.add(`/${metadata.namespace ?? ''}`);
  }

  #sync(key: string): void {
    const namespace = this.#namespaces.get(key);
    if (!namespace || namespace.metadata.deletionTimestamp !== undefined) return;
    const { name } = partsOf(key);
    if (!this.#serviceAccounts.get(`${name}/${serviceAccountName}`)) {
      this.#serviceAccounts.create({ metadata: { name: serviceAccountName, namespace: name } });
    }
    this.#publishCertificate(name);
  }

  #publishCertificate(namespace: string): void {
    const data = { 'ca.crt': this.#rootCertificate };
    const existing = this.#configMaps.get(`${namespace}/${certificateName}`);
    if (!existing) {
      const annotations = { 'kubernetes.io/description': description };
      this.#configMaps.create({ metadata: { name: certificateName, namespace, annotations }, data });
    } else if (!isDeepStrictEqual(existing['data'], data)) {
      this.#configMaps.update({ ...existing, data });
    }
  }
}
