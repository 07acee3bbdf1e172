/** Whether a content is valid in its format; text and HTML always are. */
import type { ConfigFormat } from './format.ts';
import { readJson } from './json.ts';
import { readProperties } from './properties.ts';
import type { Reading } from './reading.ts';
import type { SyntaxProblem } from './syntax-problem.ts';
import { readToml } from './toml.ts';
import { checkXml } from './xml.ts';
import { readYaml } from './yaml.ts';

const readers: Partial<Record<ConfigFormat, (content: string) => Reading>> = {
  json: readJson,
  properties: readProperties,
  toml: readToml,
  yaml: readYaml,
};

export function checkSyntax(content: string, format: ConfigFormat): SyntaxProblem | undefined {
  return format === 'xml' ? checkXml(content) : readContent(content, format)?.problem;
}

/** Undefined for the formats whose values have no form that a schema could describe: XML, HTML and text. */
export function readContent(content: string, format: ConfigFormat): Reading | undefined {
  return readers[format]?.(content);
}
