/**
 * Which configs of a namespace are meant: a group and a dataId, where `*` stands for any text, also none.
 *
 * Servers read patterns in ways of their own (SQL's `_` and `%` act as wildcards in a list, a `*` in the middle of a fuzzy
 * watch matches nothing), so what they find is matched here again.
 */
import { normaliseNamespaceId } from './config-key.ts';

export interface ConfigPattern {
  /** Exact; '' is the public namespace. */
  readonly namespaceId: string;
  /** Such as `DEFAULT_GROUP`, `team-*` or `*`. */
  readonly group: string;
  readonly dataId: string;
}

/** What names a config within its namespace. */
export interface ConfigName {
  readonly group: string;
  readonly dataId: string;
}

/** Several `*` in a row say what one says. */
export function normalisePattern({ namespaceId, group, dataId }: ConfigPattern): ConfigPattern {
  const once = (text: string): string => text.replaceAll(/\*+/g, '*');
  return { namespaceId: normaliseNamespaceId(namespaceId), group: once(group), dataId: once(dataId) };
}

/** For maps, and for people. */
export function patternText(pattern: ConfigPattern): string {
  const { namespaceId, group, dataId } = normalisePattern(pattern);
  return namespaceId === '' ? `${group}/${dataId}` : `${group}/${dataId} of namespace ${namespaceId}`;
}

/** For maps of one namespace. Neither part may hold a blank. */
export function nameText({ group, dataId }: ConfigName): string {
  return `${group} ${dataId}`;
}

/** Of `nameText`. */
export function nameOf(text: string): ConfigName {
  const blank = text.indexOf(' ');
  return { group: text.slice(0, blank), dataId: text.slice(blank + 1) };
}

export function matcherOf(pattern: ConfigPattern): (name: ConfigName) => boolean {
  const { group, dataId } = normalisePattern(pattern);
  const [isGroup, isDataId] = [wildcard(group), wildcard(dataId)];
  return (name) => isGroup(name.group) && isDataId(name.dataId);
}

/**
 * Whether a text is what a pattern says, in which `*` stands for any text. No regular expression: with many `*` it would try
 * all ways to cut a name, and patterns and names are users'.
 */
export function wildcard(pattern: string): (text: string) => boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return (text) => text === first;
  return (text) => {
    const end = text.length - last.length;
    if (!text.startsWith(first) || !text.endsWith(last) || end < first.length) return false;
    let at: number = first.length;
    for (const part of rest) {
      // Each as early as it can be: that leaves most to those that follow.
      const found = text.indexOf(part, at);
      if (found < 0 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
}
