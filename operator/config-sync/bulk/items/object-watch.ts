/** The watches by which the objects of one NacosConfigSync come in: with their contents, and no more objects than it may mean. */
import type { NacosConfigSync } from '../../../api/resources.ts';
import { selectorText } from '../../../kube/label-selector.ts';
import type { ReflectorFactory } from '../../../kube/reflector-factory.ts';
import { dataObjectRefs } from '../../mirror/data-object.ts';
import type { MirrorKind } from '../../mirror/mirror-target.ts';
import type { ObjectWatch } from './item-sources.ts';
import type { ObjectView } from './object-view.ts';
import type { WatchedObjects } from './watched-objects.ts';

/** Begins one. */
export function watchObjects(
  reflectors: ReflectorFactory,
  { metadata, spec }: NacosConfigSync,
  kind: MirrorKind,
  objects: WatchedObjects,
  onSynced: () => void,
): ObjectWatch {
  const { kubernetes, mapping, source } = spec;
  // With `Both` an object that was made for a dataId from Nacos counts, whatever its labels are.
  const isByLabel = source === 'Kubernetes' && kubernetes?.selector !== undefined;
  const [name, ...others] = mapping.preset === 'SingleObject' ? [mapping.objectName] : (kubernetes?.names ?? []);
  const isOne = others.length === 0 && (source === 'Kubernetes' || mapping.preset === 'SingleObject');
  const reflector = reflectors.create<ObjectView>(dataObjectRefs[kind], objects.stores[kind], {
    namespaces: [metadata.namespace ?? ''],
    labelSelector: isByLabel && kubernetes?.selector ? selectorText(kubernetes.selector) : undefined,
    fieldSelector: isOne && name !== undefined ? `metadata.name=${name}` : undefined,
    trim: (object) => objects.trim(kind, object),
  });
  reflector.start();
  reflector.synced().then(onSynced, () => {});
  return {
    get hasSynced() {
      return reflector.hasSynced;
    },
    get lastError() {
      return reflector.lastError;
    },
    stop: () => void reflector.stop(),
  };
}
