/** What a person and a monitoring system meet: refusals that name the field, and metrics. */
import { NACOS_CONFIG } from '../../../operator/api/resources.ts';
import { METRICS_PREFIX } from '../../../operator/api/names.ts';
import { isBridgeError, messageOf } from '../../../operator/errors.ts';
import type { KubeObject } from '../../../operator/kube/resource.ts';
import { SANDBOX_MANAGER } from '../kubernetes-side.ts';
import type { Check } from './check.ts';

/** It declares its content twice, which a CEL rule forbids. */
const invalid = {
  name: 'sandbox-invalid',
  field: 'spec.contentFrom',
  spec: { content: 'a: 1\n', contentFrom: { configMapKeyRef: { name: 'a', key: 'b' } } },
};
const metricsLimitMs = 5000;
const wantedMetrics = [`${METRICS_PREFIX}build_info`, 'controller_runtime_reconcile_total'];

export const surfaceChecks: readonly Check[] = [
  {
    name: 'a resource that breaks a rule is refused, and the field is named',
    async run({ kubernetes, namespace }) {
      const configs = kubernetes.resource<KubeObject & { spec: unknown }>(NACOS_CONFIG);
      const resource = { metadata: { name: invalid.name, namespace }, spec: invalid.spec };
      const refusal = await configs.create(resource, { fieldManager: SANDBOX_MANAGER }).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (refusal === undefined) {
        await configs.delete(invalid.name, namespace);
        throw new Error('it was accepted');
      }
      if (!isBridgeError(refusal, 'KUBE_INVALID')) throw refusal;
      if (!messageOf(refusal).includes(invalid.field))
        throw new Error(`it does not name ${invalid.field}: ${messageOf(refusal)}`);
    },
  },
  {
    name: 'metrics are served',
    async run({ operator }) {
      const answer = await fetch(operator.metricsUrl, { signal: AbortSignal.timeout(metricsLimitMs) });
      const text = await answer.text();
      const missing = wantedMetrics.filter((name) => !text.includes(`\n${name}`));
      if (!answer.ok) throw new Error(`${operator.metricsUrl} answers ${answer.status}`);
      if (missing.length > 0) throw new Error(`${operator.metricsUrl} does not have ${missing.join(', ')}`);
    },
  },
];
