/**
 * What the API server tells everybody, also without a token: that it is up, and its version.
 */
import { type Answer, jsonAnswer, textAnswer } from './answer.ts';

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

/** Undefined for paths that need a token. */
export function publicAnswer(path: string): Answer | undefined {
  if (path === '/version' || path === '/version/') return jsonAnswer(version);
  return /^\/(healthz|livez|readyz)(\/|$)/.test(path) ? textAnswer('ok') : undefined;
}
