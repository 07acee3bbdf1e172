/**
 * What lies in the folder of a control plane before it starts: service account keys, bearer tokens, a kubeconfig for each
 * user of the testbed, the audit policy. Secrets of a local cluster, yet readable by their owner only.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { auditPolicy } from './audit.ts';

/**
 * Who the testbed itself acts as, one kubeconfig each, all in system:masters. They are apart so that the audit log tells
 * a test's requests from those of the cluster's own parts.
 */
export const kubeconfigFiles = {
  admin: 'kubeconfig',
  'controller-manager': 'kubeconfig-controller-manager',
  kwok: 'kubeconfig-kwok',
};

/** Writes keys, the token file, the kubeconfigs and the audit policy; returns the admin's token. */
export async function layOutFolder(dir: string, server: string): Promise<string> {
  const tokens = Object.keys(kubeconfigFiles).map((user) => ({ user, token: randomBytes(16).toString('hex') }));
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const files: Record<string, string> = {
    'service-account.key': keys.privateKey,
    'service-account.pub': keys.publicKey,
    'tokens.csv': tokens.map(({ user, token }) => `${token},${user},${user},system:masters\n`).join(''),
    'audit-policy.yaml': JSON.stringify(auditPolicy),
  };
  for (const { user, token } of tokens) {
    files[kubeconfigFiles[user as keyof typeof kubeconfigFiles]] = kubeconfigText(dir, server, user, token);
  }
  await mkdir(dir, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text, { mode: 0o600 });
  return tokens[0]?.token ?? '';
}

/** A kubeconfig of the cluster in `dir` for a user with a bearer token. */
export function kubeconfigText(dir: string, server: string, user: string, token: string): string {
  const cluster = {
    server,
    'certificate-authority': join(dir, 'certs', 'apiserver.crt'),
  };
  // JSON is YAML.
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'testbed', cluster }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: 'testbed', context: { cluster: 'testbed', user, namespace: 'default' } }],
    'current-context': 'testbed',
  });
}
