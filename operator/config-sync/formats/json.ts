/** Strict JSON: no comments, no trailing commas, no duplicate keys. */
import { findNodeAtLocation, parseTree, printParseErrorCode, visit, type JSONVisitor, type Node } from 'jsonc-parser';
import { MAX_DEPTH, TOO_DEEP, type ContentDocument, type Reading } from './reading.ts';
import { positionAt, type Place, type SyntaxProblem } from './syntax-problem.ts';

export function readJson(content: string): Reading {
  const problem = problemOf(content);
  return problem ? { problem } : { problem, documents: () => [new JsonDocument(content)] };
}

/** Thrown to leave the parser, which has no other way to end early. */
const ENOUGH = new Error('the first problem is known');

function problemOf(content: string): SyntaxProblem | undefined {
  let problem: SyntaxProblem | undefined;
  const report = (offset: number, message: string) => {
    problem ??= { ...positionAt(content, offset), message };
    throw ENOUGH;
  };
  let depth = 0;
  const enter = (offset: number) => {
    depth += 1;
    if (depth > MAX_DEPTH) report(offset, TOO_DEEP);
  };
  const leave = () => void (depth -= 1);
  const keysOfOpenObjects: Set<string>[] = [];
  const visitor: JSONVisitor = {
    onArrayBegin: enter,
    onArrayEnd: leave,
    onObjectBegin(offset) {
      enter(offset);
      keysOfOpenObjects.push(new Set());
    },
    onObjectEnd() {
      leave();
      keysOfOpenObjects.pop();
    },
    onObjectProperty: (key, offset) => {
      const keys = keysOfOpenObjects.at(-1);
      if (keys?.has(key)) report(offset, 'Duplicate key');
      keys?.add(key);
    },
    onError: (code, offset) => report(offset, spaced(printParseErrorCode(code))),
  };
  try {
    visit(content, visitor, { disallowComments: true, allowTrailingComma: false });
  } catch (error) {
    if (error !== ENOUGH) throw error;
  }
  return problem;
}

class JsonDocument implements ContentDocument {
  readonly value: unknown;
  readonly #content: string;
  #tree: Node | undefined;

  constructor(content: string) {
    this.value = JSON.parse(content);
    this.#content = content;
  }

  placeOf(path: readonly string[]): Place | undefined {
    this.#tree ??= parseTree(this.#content);
    let found = this.#tree;
    for (const segment of path) {
      const below = found && findNodeAtLocation(found, [found.type === 'array' ? Number(segment) : segment]);
      if (!below) break;
      found = below;
    }
    return found && positionAt(this.#content, found.offset);
  }
}

/** `PropertyNameExpected` reads as `Property name expected`. */
function spaced(code: string): string {
  const words = code.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
