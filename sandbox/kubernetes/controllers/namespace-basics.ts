/** What every namespace has: the ServiceAccount `default` and the ConfigMap with the CA of the API server. */
import type { KubeObject } from '../object.ts';
import type { ControllerContext } from './controllers.ts';
import type { Namespace } from './shapes.ts';
import { keyOf, TypedClient } from './typed-client.ts';

const serviceAccountName = 'default';
const certificateName = 'kube-root-ca.crt';

/** @param rootCertificate PEM text */
export function fillNamespaces({ cluster, view, loop }: ControllerContext, rootCertificate: string): void {
  const namespaces = new TypedClient<Namespace>(cluster, 'v1', 'Namespace');
  const serviceAccounts = new TypedClient<KubeObject>(cluster, 'v1', 'ServiceAccount');
  const configMaps = new TypedClient<KubeObject>(cluster, 'v1', 'ConfigMap');

  const queue = loop.queue('namespace-basics', (key) => {
    const namespace = namespaces.get(key);
    if (!namespace || namespace.metadata.deletionTimestamp !== undefined) return;
    const { name } = namespace.metadata;
    if (!serviceAccounts.get(`${name}/${serviceAccountName}`)) {
      serviceAccounts.create({ metadata: { name: serviceAccountName, namespace: name } });
    }
    if (!configMaps.get(`${name}/${certificateName}`)) {
      configMaps.create({ metadata: { name: certificateName, namespace: name }, data: { 'ca.crt': rootCertificate } });
    }
  });
  view.on('Namespace', ({ type, object }) => {
    if (type === 'ADDED') queue.add(keyOf(object));
  });
  // What is deleted comes again.
  for (const typeId of ['ServiceAccount', 'ConfigMap']) {
    view.on(typeId, ({ type, object: { metadata } }) => {
      if (type === 'DELETED') queue.add(`/${metadata.namespace ?? ''}`);
    });
  }
}
