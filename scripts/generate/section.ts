/**
 * A generated section in a page that is written by hand, between two comments that Markdown does not show.
 */

export function replaceSection(page: string, name: string, content: string): string {
  const begin = `<!-- begin generated: ${name} (npm run generate) -->`;
  const end = `<!-- end generated: ${name} -->`;
  const from = page.indexOf(begin);
  const to = page.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`the page must contain '${begin}' and after it '${end}'`);
  return `${page.slice(0, from)}${begin}\n\n${content}\n\n${page.slice(to)}`;
}
