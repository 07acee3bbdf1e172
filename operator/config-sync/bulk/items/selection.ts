/**
 * Which objects of a namespace a NacosConfigSync means, by what their metadata and their type say.
 *
 * Pure.
 *
 *   object                                          selected by label    by `all: true`   by name (`names`, SingleObject)
 *   a mirror of ours (it would go round in circles) never                never            never
 *   being deleted                                   never                never            never
 *   controlled by somebody: that one's product      yes, but not `Both`  no               yes, but not `Both`
 *   kube-root-ca.crt, which every namespace has     yes                  no               yes
 *   a Secret that a connection uses                 yes                  no               yes
 *   a Secret of another type than `Opaque`: tokens, certificates, releases of Helm and the like
 *                                                   if its labels match  no               if it is the one
 *   any other                                       if its labels match  yes              if it is the one
 *
 * What `exclude` names the mapping does not mean (mapping.ts).
 */
import type { NacosConfigSync } from '../../../api/resources.ts';
import { MIRROR_LABEL } from '../../../api/names.ts';
import { matchesLabels } from '../../../kube/label-selector.ts';
import { controllerOf } from '../../../kube/owner.ts';
import type { KubeObject } from '../../../kube/resource.ts';
import type { MirrorKind } from '../../mirror/mirror-target.ts';

export interface Candidate {
  readonly kind: MirrorKind;
  readonly object: KubeObject & { readonly type?: string };
  /** Whether a NacosConnection of the namespace names this Secret. */
  readonly isLogin: boolean;
}

const CLUSTER_CA = 'kube-root-ca.crt';

export function isSelected({ spec }: NacosConfigSync, { kind, object, isLogin }: Candidate): boolean {
  const { metadata } = object;
  const kinds = spec.kubernetes?.kinds ?? ['ConfigMap'];
  if (!kinds.includes(kind) || metadata.labels?.[MIRROR_LABEL] !== undefined) return false;
  if (metadata.deletionTimestamp !== undefined) return false;
  const isProduct = controllerOf(object) !== undefined;
  if (isProduct && spec.source === 'Both') return false;
  if (spec.mapping.preset === 'SingleObject') return metadata.name === spec.mapping.objectName;
  const { all, names, selector } = spec.kubernetes ?? {};
  if (names) return names.includes(metadata.name);
  if (selector) return matchesLabels(selector, metadata.labels);
  const isOpaque = kind === 'ConfigMap' || (object.type ?? 'Opaque') === 'Opaque';
  return all === true && isOpaque && !isProduct && !isLogin && metadata.name !== CLUSTER_CA;
}
