/**
 * What the API server tells of itself: that it is up, its version, and who the one user is, who may do everything.
 */
import { type Answer, jsonAnswer } from './answer.ts';
import { parseObject } from './request-object.ts';

/** The version whose behaviour is followed. */
const version = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.3+embedded',
  gitCommit: '',
  gitTreeState: '',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: `${process.platform}/${process.arch}`,
};

/** What everybody is told, also without a token; undefined for paths that need one. */
export function publicAnswer(path: string): Answer | undefined {
  if (path === '/version' || path === '/version/') return jsonAnswer(version);
  if (!/^\/(healthz|livez|readyz)(\/|$)/.test(path)) return undefined;
  return { status: 200, contentType: 'text/plain; charset=utf-8', body: 'ok' };
}

const user = { username: 'admin', uid: 'admin', groups: ['system:masters', 'system:authenticated'] };
const everything = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  incomplete: false,
};

/** The reviews by which clients ask who they are and what they may do. */
const reviews: Readonly<Record<string, { readonly kind: string; readonly status: object }>> = {
  'authorization.k8s.io/v1/selfsubjectaccessreviews': { kind: 'SelfSubjectAccessReview', status: { allowed: true } },
  'authorization.k8s.io/v1/selfsubjectrulesreviews': { kind: 'SelfSubjectRulesReview', status: everything },
  'authentication.k8s.io/v1/selfsubjectreviews': { kind: 'SelfSubjectReview', status: { userInfo: user } },
};

/** Undefined when the path is not one of a review. @throws ApiFailure */
export function review(path: string, body: Buffer, contentType: string | undefined): Answer | undefined {
  const known = reviews[path.replace(/^\/apis\//, '')];
  if (known === undefined) return undefined;
  const { kind, status } = known;
  // The others say nothing that the answer would depend on.
  const { spec = {} } = kind === 'SelfSubjectAccessReview' ? parseObject(body, contentType, kind) : {};
  const apiVersion = path.split('/').slice(2, 4).join('/');
  return jsonAnswer({ kind, apiVersion, metadata: {}, spec, status }, 201);
}
