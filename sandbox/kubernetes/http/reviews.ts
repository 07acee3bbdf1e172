/**
 * The reviews by which clients ask who they are and what they may do. There is one user, who may do everything.
 *
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
 */
import { type Answer, jsonAnswer } from './answer.ts';
import { parseObject } from './request-body.ts';

const user = { username: 'admin', uid: 'admin', groups: ['system:masters', 'system:authenticated'] };

const statusOf: Readonly<Record<string, { readonly kind: string; readonly status: object }>> = {
  '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews': {
    kind: 'SelfSubjectAccessReview',
    status: { allowed: true },
  },
  '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews': {
    kind: 'SelfSubjectRulesReview',
    status: {
      resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
      incomplete: false,
    },
  },
  '/apis/authentication.k8s.io/v1/selfsubjectreviews': {
    kind: 'SelfSubjectReview',
    status: { userInfo: user },
  },
};

/** Undefined when the path is not one of a review. @throws ApiFailure */
export function review(path: string, body: Buffer, contentType: string | undefined): Answer | undefined {
  const known = statusOf[path];
  if (known === undefined) return undefined;
  // The others say nothing that the answer would depend on.
  const { spec = {} } = known.kind === 'SelfSubjectAccessReview' ? parseObject(body, contentType, known.kind) : {};
  const apiVersion = path.split('/').slice(2, 4).join('/');
  return jsonAnswer({ kind: known.kind, apiVersion, metadata: {}, spec, status: known.status }, 201);
}
