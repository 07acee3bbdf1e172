/**
 * Events of both versions.
 *
 * Source: k8s.io/kubernetes/pkg/apis/{core,events}/validation
 */
import { type FieldProblem, invalid, required } from '../../../../operator/admission/field-problem.ts';
import { type JsonObject, objectAt, stringAt } from '../../../../operator/admission/json.ts';
import { checkQualifiedName } from '../../../../operator/admission/names.ts';
import type { BuiltInRules } from '../kind-rules.ts';

/** Of `v1`. */
export const coreEventRules: BuiltInRules = {
  fillIn(event) {
    for (const field of ['involvedObject', 'source']) event[field] = objectAt(event, field);
    for (const field of ['reportingComponent', 'reportingInstance']) event[field] = stringAt(event, field);
  },
  *problems(event) {
    const namespace = stringAt(objectAt(event, 'metadata'), 'namespace');
    const involved = stringAt(objectAt(event, 'involvedObject'), 'namespace');
    const isFine = involved === namespace || (involved === '' && namespace === 'default');
    if (!isFine) yield invalid('involvedObject.namespace', involved, 'does not match event.namespace');
  },
};

const longestNote = 1024;
const longestReason = 128;

/** Of `events.k8s.io/v1`, which asks for more. */
export const eventRules: BuiltInRules = {
  *problems(event, previous) {
    if (previous) return;
    if (event['eventTime'] === undefined) yield required('eventTime');
    else yield* newEventProblems(event);
    const type = stringAt(event, 'type');
    if (type !== 'Normal' && type !== 'Warning') yield invalid('type', undefined, `has invalid value: ${type}`);
  },
};

function* newEventProblems(event: JsonObject): Generator<FieldProblem> {
  const controller = stringAt(event, 'reportingController');
  if (controller === '') yield required('reportingController');
  for (const detail of checkQualifiedName(controller)) yield invalid('reportingController', controller, detail);
  for (const field of ['reportingInstance', 'action', 'reason']) {
    const text = stringAt(event, field);
    if (text === '') yield required(field);
    if (text.length > longestReason) yield invalid(field, undefined, `can have at most ${longestReason} characters`);
  }
  if (Buffer.byteLength(stringAt(event, 'note')) > longestNote) {
    yield invalid('message', undefined, `can have at most ${longestNote} characters`);
  }
}
