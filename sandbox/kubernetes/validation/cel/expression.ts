/**
 * A compiled CEL expression over `self` and `oldSelf`. What the API server would refuse when the CRD is applied is refused
 * here as well: syntax errors, functions and names that do not exist, and fields that the schema does not have.
 */
import { type CelInput, type CelResult, celEnv, parse, plan } from '@bufbuild/cel';
import type { Schema } from '../../schema.ts';
import { regularExpression } from '../regular-expression.ts';
import { escapedName } from './cel-value.ts';
import { crdFunctions } from './functions.ts';

const environment = celEnv({ funcs: [...crdFunctions], re2: { compile: regularExpression } });

type ParsedExpression = ReturnType<typeof parse>['expr'];

const typeNames: ReadonlySet<string> = new Set(
  'bool bytes double duration dyn int list map null_type string timestamp type uint google'.split(' '),
);

export interface CelExpression {
  readonly usesOldSelf: boolean;
  /** Whether it can only yield true or false, as far as can be told without types. */
  readonly isBoolean: boolean;
  run(self: CelInput, oldSelf: CelInput | undefined): CelResult;
}

/** @throws Error that says what does not compile, in the API server's words */
export function compileExpression(text: string, schema: Schema): CelExpression {
  const parsed = parsedOf(text);
  const walk = new ExpressionWalk(schema);
  walk.visit(parsed.expr, new Set(['self', 'oldSelf']));
  const run = plan(environment, parsed) as (bindings: Record<string, CelInput>) => CelResult;
  return {
    usesOldSelf: walk.usesOldSelf,
    isBoolean: parsed.expr.exprKind.case !== 'constExpr' || isTrueOrFalse(parsed.expr),
    run: (self, oldSelf) => run(oldSelf === undefined ? { self } : { self, oldSelf }),
  };
}

function parsedOf(text: string): ReturnType<typeof parse> {
  try {
    return parse(text);
  } catch (error) {
    throw new Error(`compilation failed: ERROR: ${(error as Error).message}`, { cause: error });
  }
}

function isTrueOrFalse({ exprKind }: ParsedExpression): boolean {
  return exprKind.case === 'constExpr' && exprKind.value.constantKind.case === 'boolValue';
}

class ExpressionWalk {
  usesOldSelf = false;
  readonly #schema: Schema;

  constructor(schema: Schema) {
    this.#schema = schema;
  }

  /** Returns the schema of the value where it is known. */
  visit(expression: ParsedExpression | undefined, names: ReadonlySet<string>): Schema | undefined {
    if (expression === undefined) return undefined;
    const kind = expression.exprKind;
    switch (kind.case) {
      case 'identExpr':
        return this.#name(kind.value.name, names);
      case 'selectExpr':
        return this.#select(kind.value.operand, kind.value.field, names);
      case 'callExpr': {
        const { function: name, target, args } = kind.value;
        const qualified = target?.exprKind.case === 'identExpr' ? `${target.exprKind.value.name}.${name}` : name;
        const isQualified = qualified !== name && environment.funcs.find(qualified) !== undefined;
        if (!isQualified && !environment.funcs.find(name) && !isOperator(name)) throw undeclared(name);
        if (target && !isQualified) this.visit(target, names);
        for (const arg of args) this.visit(arg, names);
        return undefined;
      }
      case 'listExpr':
        for (const element of kind.value.elements) this.visit(element, names);
        return undefined;
      case 'structExpr':
        for (const { value, keyKind } of kind.value.entries) {
          this.visit(value, names);
          if (keyKind.case === 'mapKey') this.visit(keyKind.value, names);
        }
        return undefined;
      case 'comprehensionExpr': {
        const { iterRange, accuInit, iterVar, iterVar2, accuVar, loopCondition, loopStep, result } = kind.value;
        this.visit(iterRange, names);
        this.visit(accuInit, names);
        const inner = new Set([...names, iterVar, iterVar2, accuVar]);
        for (const part of [loopCondition, loopStep, result]) this.visit(part, inner);
        return undefined;
      }
      case 'constExpr':
      case undefined:
        return undefined;
    }
  }

  #name(name: string, names: ReadonlySet<string>): Schema | undefined {
    if (!names.has(name) && !typeNames.has(name)) throw undeclared(name);
    if (name === 'oldSelf') this.usesOldSelf = true;
    return name === 'self' ? this.#schema : undefined;
  }

  #select(operand: ParsedExpression | undefined, field: string, names: ReadonlySet<string>): Schema | undefined {
    const of = this.visit(operand, names);
    if (!of) return undefined;
    const known = Object.entries(of.properties ?? {}).find(([name]) => escapedName(name) === field)?.[1];
    if (known) return known;
    const isObject = of.type === 'object' && !of.additionalProperties && !of['x-kubernetes-embedded-resource'];
    if (isObject || (of.type !== undefined && of.type !== 'object')) {
      throw new Error(`compilation failed: ERROR: undefined field '${field}'`);
    }
    return typeof of.additionalProperties === 'object' ? of.additionalProperties : undefined;
  }
}

/** `_+_`, `!_`, `@in` and the like, which the planner carries out itself. */
function isOperator(name: string): boolean {
  return /^[^a-z]/i.test(name);
}

function undeclared(name: string): Error {
  return new Error(`compilation failed: ERROR: undeclared reference to '${name}' (in container '')`);
}
