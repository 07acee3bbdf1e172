/**
 * A file that is derived from another one.
 */
import { format, resolveConfig } from 'prettier';

export interface Derived {
  /** Path below the root of the checkout, with forward slashes. */
  readonly file: string;
  readonly content: string;
}

/** Laid out like the rest of the repository, so that the format check has nothing to say about it. */
export async function markdown(file: string, content: string): Promise<Derived> {
  const options = await resolveConfig(file);
  return { file, content: await format(content, { ...options, parser: 'markdown' }) };
}
