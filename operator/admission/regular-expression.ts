/** Patterns of schemas and of CEL's `matches`, as JavaScript reads them: each is compiled once. */
const compiled = new Map<string, RegExp>();

/** @throws SyntaxError for what is no regular expression of JavaScript */
export function regularExpression(pattern: string): RegExp {
  let expression = compiled.get(pattern);
  if (!expression) compiled.set(pattern, (expression = new RegExp(pattern, 'u')));
  return expression;
}
