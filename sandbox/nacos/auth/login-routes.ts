/**
 * Login over HTTP: `/v3/auth/user/login` on 3.1, and on both generations `/v1/auth/users/login`, by which the official
 * SDKs for Python and Node log in.
 */
import { caused, errorPage, missingParameter, resultFailure } from '../http-replies.ts';
import type { HttpAnswer, HttpRequest, HttpRoute } from '../http-route.ts';
import type { Accounts } from './accounts.ts';

export function loginRoutes(accounts: Accounts): HttpRoute[] {
  const isV3 = accounts.generation === '3.1';
  const login = (path: string): HttpRoute => ({
    method: 'POST',
    path,
    open: true,
    handle: (request) => answerLogin(accounts, request),
  });
  /** Setting the password of the first start: it is set. */
  const initialise = (path: string): HttpRoute => ({
    method: 'POST',
    path,
    open: true,
    handle: () => ({ ...resultFailure(20_005, 'have admin user cannot use it', 409) }),
  });
  return [
    ...['/v1/auth/users/login', '/v1/auth/login'].map(login),
    ...(isV3 ? [login('/v3/auth/user/login')] : []),
    initialise(isV3 ? '/v3/auth/user/admin' : '/v1/auth/users/admin'),
  ];
}

function answerLogin(accounts: Accounts, request: HttpRequest): HttpAnswer {
  const { username, password = '' } = request.parameters;
  const isV1 = request.path.startsWith('/v1/');
  if (username === undefined && isV1) return missingParameter(accounts.generation, request, 'username');
  const outcome = accounts.login(username ?? '', password);
  if (typeof outcome === 'object') return { body: outcome };
  return accounts.generation === '3.1' ? refusal31(request, outcome) : refusal23(outcome);
}

function refusal31({ parameters, path }: HttpRequest, outcome: 'unknown-user' | 'wrong-password'): HttpAnswer {
  if (path.startsWith('/v1/')) {
    return errorPage(500, 'Handle API Compatibility failed, please see log for detail.', path);
  }
  const isNobody = outcome === 'wrong-password' || parameters['username'] === undefined;
  return isNobody ? errorPage(500, 'No message available', path) : errorPage(403, 'Access Denied', path);
}

/** 2.3 writes an error code of its own in the place of the status, which no HTTP client reads; 403 is the same to them. */
function refusal23(outcome: 'unknown-user' | 'wrong-password'): HttpAnswer {
  if (outcome === 'unknown-user') return caused(500, 'User who not found');
  return { status: 403, body: 'unknown user!' };
}
