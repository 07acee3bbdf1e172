/**
 * TypeScript types of the spec and status of a kind, as an object looks after the API server has stored it: fields
 * with a default are always there, so they are required here.
 */
import { compile } from 'json-schema-to-typescript';
import type { Derived } from './derived.ts';
import type { Crd, Schema } from './crd.ts';

const style = { printWidth: 120, singleQuote: true };

export async function typesOf(crd: Crd): Promise<Derived> {
  const parts = Object.entries({ Spec: crd.schema.properties?.spec, Status: crd.schema.properties?.status });
  const declarations = await Promise.all(
    parts.flatMap(([suffix, schema]) => {
      if (schema === undefined) return [];
      return compile(asStored(schema), crd.kind + suffix, {
        additionalProperties: false,
        bannerComment: '',
        ignoreMinAndMaxItems: true,
        style,
      });
    }),
  );
  const banner = `// Generated from crds/${crd.file} by \`npm run generate\`; do not edit.\n\n`;
  const name = crd.kind.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
  return { file: `operator/api/generated/${name}.ts`, content: banner + declarations.join('\n') };
}

/** Keeps what a type can say; limits, patterns and CEL rules stay in the CRD. */
function asStored(schema: Schema): object {
  const { type, description, properties, required = [], items, additionalProperties } = schema;
  if (items !== undefined) return { type, description, items: asStored(items) };
  if (additionalProperties !== undefined) {
    return { type, description, additionalProperties: asStored(additionalProperties) };
  }
  if (properties === undefined) return { type, description, ...(schema.enum && { enum: schema.enum }) };
  const entries = Object.entries(properties);
  const filled = entries.filter(([, property]) => property.default !== undefined).map(([name]) => name);
  return {
    type,
    description,
    required: [...required, ...filled],
    properties: Object.fromEntries(entries.map(([name, property]) => [name, asStored(property)])),
  };
}
