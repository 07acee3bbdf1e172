/**
 * Quantities such as `1024Mi` in the form that the API server writes them: `1Gi`.
 *
 * Source: k8s.io/apimachinery/pkg/api/resource/quantity.go
 */
const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const decimal = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];

/** The same text when it is no plain integer with a suffix. */
export function shortQuantity(quantity: unknown): unknown {
  const text = typeof quantity === 'number' ? String(quantity) : quantity;
  if (typeof text !== 'string') return quantity;
  const [, sign = '', digits = '', suffix = ''] = /^([+-]?)(\d+)([KMGTPE]i|[numkMGTPE]?)$/.exec(text) ?? [];
  if (digits === '') return text;
  const suffixes = suffix.endsWith('i') ? binary : decimal;
  const base = suffix.endsWith('i') ? 1024n : 1000n;
  let number = BigInt(digits);
  let at = suffixes.indexOf(suffix);
  while (number !== 0n && number % base === 0n && at < suffixes.length - 1) {
    number /= base;
    at += 1;
  }
  return number === 0n ? '0' : `${sign === '-' ? '-' : ''}${number}${suffixes[at] ?? ''}`;
}
