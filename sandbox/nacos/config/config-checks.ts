/**
 * The rules for names and fields of configs, each with the words of the real server. A rule returns what is wrong, or
 * undefined.
 *
 * First come the rules for the form of parameters (`ParamCheckRule`), which let empty ones pass; what is empty is found by
 * the operation itself.
 */

const maxContentChars = 10 * 1024 * 1024;
const maxTags = 5;
const maxTagChars = 64;
const knownTypes = ['properties', 'xml', 'json', 'text', 'html', 'yaml', 'toml', 'unset'];

type Given = string | null | undefined;

/** "Param check invalid" over gRPC, a plain text over HTTP. */
export function checkForm(given: { dataId?: Given; group?: Given; namespaceId?: Given }): string | undefined {
  return (
    formFault('namespaceId/tenant', given.namespaceId, 64, /^[\w-]*$/) ??
    formFault('dataId', given.dataId, 256, /^[a-zA-Z0-9-_:.]*$/) ??
    formFault('group', given.group, 128, /^[a-zA-Z0-9-_:.]*$/)
  );
}

function formFault(name: string, given: Given, maxLength: number, pattern: RegExp): string | undefined {
  if (given === null || given === undefined) return undefined;
  const start = `Param '${name}' is illegal,`;
  if (given.length > maxLength) return `${start} the param length should not exceed ${maxLength}.`;
  return pattern.test(given) ? undefined : `${start} illegal characters should not appear in the param.`;
}

/** What an operation says of parameters that are missing. */
export function checkKey({ dataId, group }: { dataId: Given; group: Given }): string | undefined {
  if (isBlank(dataId)) return `invalid dataId : ${dataId ?? 'null'}`;
  if (isBlank(group)) return `invalid group : ${group ?? 'null'}`;
  return undefined;
}

export function checkContent(content: Given): string | undefined {
  if (isBlank(content)) return `content is blank : ${content ?? 'null'}`;
  return content.length > maxContentChars ? `invalid content, over ${maxContentChars}` : undefined;
}

export interface CheckedFields {
  readonly configTags?: Given;
  readonly desc?: Given;
  readonly use?: Given;
  readonly effect?: Given;
  readonly schema?: Given;
}

export function checkFields({ configTags, desc, use, effect, schema }: CheckedFields): string | undefined {
  const tags = isBlank(configTags) ? [] : configTags.split(',');
  if (tags.length > maxTags) return `too much config_tags, over ${maxTags}`;
  if (tags.some((tag) => tag.length > maxTagChars)) return `too long tag, over ${maxTagChars}`;
  return (
    tooLong('desc', desc, 128) ??
    tooLong('use', use, 32) ??
    tooLong('effect', effect, 32) ??
    tooLong('schema', schema, 32_768)
  );
}

/** Only 2.3 minds. */
export function checkTypeLength(type: Given): string | undefined {
  return tooLong('type', type, 32);
}

/** Of a version for clients with this tag. */
export function checkTag(tag: Given): string | undefined {
  if (isBlank(tag)) return undefined;
  if (!/^[\p{L}\p{N}_.:-]+$/u.test(tag)) return `invalid tag : ${tag}`;
  return tooLong('tag', tag, 16);
}

/** What is no type that the server knows is text. */
export function knownTypeOf(type: Given): string | null {
  if (isBlank(type)) return null;
  return knownTypes.includes(type) ? type : 'text';
}

export function isBlank(text: Given): text is null | undefined | '' {
  return text === null || text === undefined || text.trim() === '';
}

function tooLong(name: string, text: Given, maxChars: number): string | undefined {
  return text && text.length > maxChars ? `too long ${name}, over ${maxChars}` : undefined;
}
