/** Strict JSON: no comments, no trailing commas, no duplicate keys. */
import { printParseErrorCode, visit } from 'jsonc-parser';
import { positionAt, type SyntaxProblem } from './syntax-problem.ts';

export function checkJson(content: string): SyntaxProblem | undefined {
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

/** `PropertyNameExpected` reads as `Property name expected`. */
function spaced(code: string): string {
  const words = code.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
