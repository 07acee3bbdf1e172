/**
 * Compiles patterns that were written for RE2, the syntax of Go: the parts that differ from JavaScript and are in use are
 * translated (`\A`, `\z`, POSIX classes, flags at the beginning). Each pattern is compiled once.
 */
const classes: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  digit: '0-9',
  lower: 'a-z',
  punct: String.raw`!-\/:-@\[-\x60{-~`,
  space: String.raw`\t\n\v\f\r `,
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

const compiled = new Map<string, RegExp>();

/** @throws SyntaxError for what is no regular expression */
export function regularExpression(pattern: string): RegExp {
  let expression = compiled.get(pattern);
  if (!expression) compiled.set(pattern, (expression = compile(pattern)));
  return expression;
}

function compile(pattern: string): RegExp {
  const [, flags = '', rest = ''] = /^(?:\(\?([ims]+)\))?(.*)$/s.exec(pattern) ?? [];
  const source = rest
    .replaceAll(/\[:([a-z]+):\]/g, (text, name: string) => classes[name] ?? text)
    .replaceAll(/\\(.)/gs, (text, escaped: string) => (escaped === 'A' ? '^' : escaped === 'z' ? '$' : text));
  try {
    return new RegExp(source, `${flags}u`);
  } catch {
    // RE2 allows escapes that mean nothing, which JavaScript allows outside of Unicode mode only.
    return new RegExp(source, flags);
  }
}
