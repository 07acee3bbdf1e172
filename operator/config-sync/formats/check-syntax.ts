/** Whether a content is valid in its format; text and HTML always are. */
import type { ConfigFormat } from './format.ts';
import { checkJson } from './json.ts';
import { checkProperties } from './properties.ts';
import type { SyntaxProblem } from './syntax-problem.ts';
import { checkToml } from './toml.ts';
import { checkXml } from './xml.ts';
import { checkYaml } from './yaml.ts';

const checks: Partial<Record<ConfigFormat, (content: string) => SyntaxProblem | undefined>> = {
  json: checkJson,
  properties: checkProperties,
  toml: checkToml,
  xml: checkXml,
  yaml: checkYaml,
};

export function checkSyntax(content: string, format: ConfigFormat): SyntaxProblem | undefined {
  return checks[format]?.(content);
}
