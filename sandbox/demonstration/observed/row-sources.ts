/**
 * What rows are made of.
 */
import type { ConnectionKey } from '../../../operator/connections/connection-key.ts';
import type { KubeObject } from '../../../operator/kube/resource.ts';
import type { NacosClient } from '../../../operator/nacos/index.ts';
import type { KubernetesView } from './kubernetes-view.ts';
import type { RowBook } from './row-book.ts';

export interface RowSources {
  readonly view: KubernetesView;
  readonly nacos: NacosClient;
  readonly clusterId: string;
  readonly book: RowBook;
  /** For people. */
  readonly nameOf: (object: KubeObject) => string;
  /** The Nacos namespace of a connection; undefined when it is unknown or to another server. */
  readonly nacosNamespaceOf: (connection: ConnectionKey) => string | undefined;
}
