/**
 * Where Kubernetes declares the content of a dataId, as the spec says it.
 */
import type { NacosConfig } from '../api/resources.ts';
import { BridgeError } from '../errors.ts';
import type { MirrorTarget } from './mirror/mirror-target.ts';

export type ContentSource =
  | { kind: 'inline'; content: string }
  | { kind: 'configMap'; name: string; key: string }
  | { kind: 'secret'; name: string; key: string; encoding: 'Text' | 'Base64' };

/** @throws BridgeError INVALID_SPEC. */
export function contentSourceOf({ spec }: NacosConfig): ContentSource {
  const { configMapKeyRef, secretKeyRef } = spec.contentFrom ?? {};
  if ([spec.content, configMapKeyRef, secretKeyRef].filter((one) => one !== undefined).length !== 1) {
    throw invalid(
      '`spec` must have exactly one of `content`, `contentFrom.configMapKeyRef` and `contentFrom.secretKeyRef`',
    );
  }
  if (configMapKeyRef) return { kind: 'configMap', name: configMapKeyRef.name, key: configMapKeyRef.key };
  if (secretKeyRef) {
    const { name, key, encoding } = secretKeyRef;
    return { kind: 'secret', name, key, encoding: encoding ?? 'Text' };
  }
  return { kind: 'inline', content: spec.content ?? '' };
}

/**
 * The consent is asked for here again: whatever an API server without CEL let through is not published.
 *
 * @throws BridgeError INVALID_SPEC.
 */
export function checkSecretExport({ spec }: NacosConfig, mirror: MirrorTarget | undefined): void {
  if (!spec.allowSecretExport) {
    throw invalid('`spec.allowSecretExport` must be true to publish the content of a Secret');
  }
  if (spec.driftPolicy === 'Adopt') {
    throw invalid("`spec.driftPolicy` must not be 'Adopt' when the content comes from a Secret");
  }
  if (mirror?.kind === 'ConfigMap') {
    throw invalid('`spec.mirror` must be a Secret when the content comes from one');
  }
}

function invalid(message: string): BridgeError {
  return new BridgeError('INVALID_SPEC', message);
}
