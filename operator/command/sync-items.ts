/**
 * The items of the NacosConfigSyncs among some manifests, as the NacosConfigs that would declare them: for the keys of
 * ConfigMaps and Secrets that are among the manifests as well.
 */
import { configOf } from '../config-sync/bulk/items/item-config.ts';
import { isSelected } from '../config-sync/bulk/items/selection.ts';
import { illegalInNacos } from '../config-sync/bulk/legal-names.ts';
import { compileMapping } from '../config-sync/bulk/mapping.ts';
import { secretNameOf } from '../connections/settings.ts';
import type { Entry, ManifestSet } from './manifest-set.ts';
import { problemOf, type Origin, type Problem } from './problem.ts';

export interface DeclaredConfig {
  readonly entry: Entry<'NacosConfig'>;
  /** What declares it, where that is not the manifest of the entry as a whole. */
  readonly origin?: Origin;
}

export interface SyncItems {
  readonly items: readonly DeclaredConfig[];
  readonly problems: readonly Problem[];
}

/** @throws BridgeError INVALID_SPEC for a mapping that is none */
export function itemsOf({ manifest, object: sync }: Entry<'NacosConfigSync'>, set: ManifestSet): SyncItems {
  const items: DeclaredConfig[] = [];
  const problems: Problem[] = [];
  const mapping = compileMapping(sync.spec, sync.metadata.namespace ?? '');
  if (sync.spec.source === 'Nacos') return { items, problems };
  for (const { data, kind, name } of selectedBy(sync, set)) {
    for (const key of [...Object.keys(data.object.data ?? {}), ...Object.keys(data.object.binaryData ?? {})]) {
      const ref = { kind, name, key };
      const config = mapping.toNacos(ref);
      if (config === undefined) continue;
      const origin = { manifest: data.manifest, field: `data[${key}]` };
      const illegal = illegalInNacos(config);
      if (illegal === undefined) {
        items.push({ entry: { manifest, object: configOf(sync, { ref, config }, mapping.secretEncoding) }, origin });
      } else {
        problems.push(problemOf(data.manifest, origin.field, `${illegal}, as ${manifest.title} publishes it`));
      }
    }
  }
  return { items, problems };
}

function selectedBy(sync: Entry<'NacosConfigSync'>['object'], set: ManifestSet) {
  const { namespace } = sync.metadata;
  const logins = set.all('NacosConnection').map(({ object }) => `${object.metadata.namespace}/${secretNameOf(object)}`);
  return (['ConfigMap', 'Secret'] as const).flatMap((kind) =>
    set.all(kind).flatMap((data) => {
      const { object } = data;
      const { name } = object.metadata;
      const isLogin = kind === 'Secret' && logins.includes(`${namespace}/${name}`);
      const isMeant = isSelected(sync, { kind, object, isLogin });
      return isMeant && object.metadata.namespace === namespace ? [{ data, kind, name }] : [];
    }),
  );
}
