/**
 * The copy of a CRD in the chart. It is a template, because Helm never upgrades what lies in a chart's `crds/`; as a
 * template it would go with the release, so `crds.keep` protects it and every resource made of it.
 */
import type { Derived } from './derived.ts';
import type { Crd } from './crd.ts';

const metadata = `metadata:
  labels:
    {{- include "nacos-bridge.labels" . | nindent 4 }}
  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
`;

export function chartCopy(crd: Crd): Derived {
  if (crd.text.includes('{{')) throw new Error(`${crd.file} must not contain '{{': it becomes a Helm template`);
  const body = crd.text.replace('metadata:\n', metadata);
  const banner = `{{- /* Generated from crds/${crd.file} by \`npm run generate\`; do not edit. */ -}}\n`;
  const content = `${banner}{{- if .Values.crds.enabled }}\n${body}{{- end }}\n`;
  return { file: `charts/nacos-bridge/templates/crds/${crd.plural}.yaml`, content };
}
