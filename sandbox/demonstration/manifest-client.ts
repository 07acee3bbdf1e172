/**
 * Writes manifests of any kind, as `kubectl` does: where a kind is served is asked of the API server itself.
 */
import { BridgeError } from '../../operator/errors.ts';
import type { KubeClient } from '../../operator/kube/client.ts';
import { ResourceClient } from '../../operator/kube/resource-client.ts';
import type { ResourceRef } from '../../operator/kube/resource.ts';
import type { Manifest } from '../../operator/admission/package-files.ts';

interface ApiResourceList {
  resources?: { name: string; kind: string; namespaced: boolean }[];
}

/** The field manager of all that the sandbox writes. */
export const SANDBOX_MANAGER = 'nacos-bridge-sandbox';

export class ManifestClient {
  readonly #kube: KubeClient;
  readonly #known = new Map<string, ResourceRef>();

  constructor(kube: KubeClient) {
    this.#kube = kube;
  }

  /** Creates it, or makes its fields as the manifest has them; in `namespace` unless it is of the whole cluster. */
  async apply(manifest: Manifest, namespace: string): Promise<void> {
    const resource = await this.of(manifest.apiVersion, manifest.kind);
    const { metadata } = manifest;
    const placed = resource.ref.namespaced ? { ...manifest, metadata: { ...metadata, namespace } } : manifest;
    await resource.apply(placed, { fieldManager: SANDBOX_MANAGER, force: true });
  }

  async of(apiVersion: string, kind: string): Promise<ResourceClient<Manifest>> {
    return new ResourceClient<Manifest>(this.#kube, await this.#ref(apiVersion, kind));
  }

  async #ref(apiVersion: string, kind: string): Promise<ResourceRef> {
    const known = this.#known.get(`${apiVersion} ${kind}`);
    if (known) return known;
    const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const { resources = [] } = await this.#kube.request<ApiResourceList>({ method: 'GET', path });
    const found = resources.find((resource) => resource.kind === kind && !resource.name.includes('/'));
    if (!found) throw new BridgeError('KUBE_NOT_FOUND', `the API server does not serve ${kind} of ${apiVersion}`);
    const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    const ref = { group, version, plural: found.name, kind, namespaced: found.namespaced };
    this.#known.set(`${apiVersion} ${kind}`, ref);
    return ref;
  }
}
