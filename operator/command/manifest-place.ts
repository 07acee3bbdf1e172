/**
 * Where the manifests declare the content of a NacosConfig: in itself, or in a key of a ConfigMap or a Secret that is
 * among them. It is only read.
 */
import type { ContentSource } from '../config-sync/intent.ts';
import {
  absent,
  present,
  textOfConfigMap,
  textOfSecret,
  type ContentPlace,
  type DeclaredContent,
} from '../config-sync/places/content-place.ts';
import { BridgeError } from '../errors.ts';
import type { Manifest } from './manifest.ts';
import type { Entry, ManifestSet } from './manifest-set.ts';

export class ManifestPlace implements ContentPlace {
  readonly title: string;
  readonly isSecret: boolean;
  /** With the name: nobody waits here, so each content has time of its own. */
  readonly namespace: string;
  /** Where the content stands, and in which field; undefined when its object is not among the manifests. */
  readonly origin: { readonly manifest: Manifest; readonly field: string } | undefined;
  readonly #read: () => DeclaredContent;

  private constructor(
    place: Pick<ManifestPlace, 'isSecret' | 'namespace' | 'origin' | 'title'>,
    read: () => DeclaredContent,
  ) {
    this.title = place.title;
    this.isSecret = place.isSecret;
    this.namespace = place.namespace;
    this.origin = place.origin;
    this.#read = read;
  }

  static of(source: ContentSource, { manifest, object }: Entry<'NacosConfig'>, set: ManifestSet): ManifestPlace {
    const { name: owner, namespace: ownNamespace = '' } = object.metadata;
    const namespace = `${ownNamespace}/${owner}`;
    if (source.kind === 'inline') {
      const origin = { manifest, field: 'spec.content' };
      const place = { title: '`spec.content`', isSecret: false, namespace, origin };
      return new ManifestPlace(place, () => present(source.content));
    }
    const { key, name } = source;
    const kind = source.kind === 'secret' ? 'Secret' : 'ConfigMap';
    const found = set.find(kind, ownNamespace, name);
    const origin = found && { manifest: found.manifest, field: `${fieldOf(found.manifest, key)}[${key}]` };
    const place = { title: `key '${key}' of ${kind} '${name}'`, isSecret: kind === 'Secret', namespace, origin };
    return new ManifestPlace(place, () => {
      if (found === undefined) return absent(`${kind} '${name}' is not among these files`);
      const content =
        source.kind === 'secret'
          ? textOfSecret(found.object, source, place.title)
          : textOfConfigMap(found.object, key, place.title);
      return content === undefined ? absent(`${kind} '${name}' has no key '${key}'`) : present(content);
    });
  }

  async read(): Promise<DeclaredContent> {
    return this.#read();
  }

  async write(): Promise<never> {
    throw new BridgeError('INVALID_SPEC', `${this.title} is in a file, which is only read`);
  }
}

/** A Secret may be written with its texts as they are. */
function fieldOf({ object }: Manifest, key: string): 'data' | 'stringData' {
  const { stringData } = object;
  return Object.hasOwn(Object(stringData), key) ? 'stringData' : 'data';
}
