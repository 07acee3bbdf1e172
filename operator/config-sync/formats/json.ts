/** Strict JSON: no comments, no trailing commas, no duplicate keys. */
import { findNodeAtLocation, parseTree, printParseErrorCode, visit, type Node } from 'jsonc-parser';
import type { ContentDocument, Reading } from './reading.ts';
import { positionAt, type Place, type SyntaxProblem } from './syntax-problem.ts';

export function readJson(content: string): Reading {
  const problem = problemOf(content);
  return problem ? { problem } : { problem, documents: () => [new JsonDocument(content)] };
}

function problemOf(content: string): SyntaxProblem | undefined {
  let problem: SyntaxProblem | undefined;
  const report = (offset: number, message: string) => {
    problem ??= { ...positionAt(content, offset), message };
  };
  const keysOfOpenObjects: Set<string>[] = [];
  visit(
    content,
    {
      onObjectBegin: () => void keysOfOpenObjects.push(new Set()),
      onObjectEnd: () => void keysOfOpenObjects.pop(),
      onObjectProperty: (key, offset) => {
        const keys = keysOfOpenObjects.at(-1);
        if (keys?.has(key)) report(offset, 'Duplicate key');
        keys?.add(key);
      },
      onError: (code, offset) => report(offset, spaced(printParseErrorCode(code))),
    },
    { disallowComments: true, allowTrailingComma: false },
  );
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
