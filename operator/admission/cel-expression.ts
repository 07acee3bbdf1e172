/**
 * A CEL expression over `self` and `oldSelf`, compiled once and run often: the standard functions, and `sum` of the API
 * server's own, which is the only one of those that a rule of ours uses.
 *
 * Source: https://kubernetes.io/docs/reference/using-api/cel/
 */
import { type CelInput, type CelResult, CelScalar, celEnv, celMethod, listType, parse, plan } from '@bufbuild/cel';
import { regularExpression } from './regular-expression.ts';

const sum = celMethod('sum', listType(CelScalar.DYN), [], CelScalar.DYN, function () {
  const values = [...this];
  if (values.every((value) => typeof value === 'bigint')) return values.reduce((total, value) => total + value, 0n);
  if (values.every((value) => typeof value === 'number')) return values.reduce((total, value) => total + value, 0);
  throw new Error('sum takes integers or doubles');
});

const environment = celEnv({ funcs: [sum], re2: { compile: regularExpression } });

export interface CelExpression {
  readonly usesOldSelf: boolean;
  run(self: CelInput, oldSelf: CelInput | undefined): CelResult;
}

const compiled = new Map<string, CelExpression>();

/** @throws Error for what is no CEL */
export function celExpression(text: string): CelExpression {
  let expression = compiled.get(text);
  if (!expression) compiled.set(text, (expression = compile(text)));
  return expression;
}

function compile(text: string): CelExpression {
  const parsed = parse(text);
  const run = plan(environment, parsed) as (bindings: Record<string, CelInput>) => CelResult;
  return {
    usesOldSelf: names(parsed.expr, 'oldSelf'),
    run: (self, oldSelf) => run(oldSelf === undefined ? { self } : { self, oldSelf }),
  };
}

/** Whether a part of a parsed expression is this name, at any depth. */
function names(part: unknown, name: string): boolean {
  if (typeof part !== 'object' || part === null) return false;
  const { case: kind, value } = part as { readonly case?: unknown; readonly value?: { readonly name?: unknown } };
  if (kind === 'identExpr' && value?.name === name) return true;
  return Object.values(part).some((below) => names(below, name));
}
