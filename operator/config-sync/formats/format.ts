/** The formats that Nacos knows (`type` of a config), and which one a dataId has by its extension. */
export const configFormats = ['text', 'json', 'xml', 'yaml', 'html', 'properties', 'toml'] as const;
export type ConfigFormat = (typeof configFormats)[number];

const byExtension = new Map<string, ConfigFormat>([
  ['yaml', 'yaml'],
  ['yml', 'yaml'],
  ['json', 'json'],
  ['properties', 'properties'],
  ['toml', 'toml'],
  ['xml', 'xml'],
  ['html', 'html'],
  ['htm', 'html'],
  ['txt', 'text'],
]);

/** The declared format, or that of the dataId's extension, or `text`. */
export function formatOf(declared: ConfigFormat | undefined, dataId: string): ConfigFormat {
  return declared ?? formatByExtension(dataId) ?? 'text';
}

/** Undefined for an extension that tells nothing. */
export function formatByExtension(dataId: string): ConfigFormat | undefined {
  const extension = /\.([^.]+)$/.exec(dataId)?.[1]?.toLowerCase() ?? '';
  return byExtension.get(extension);
}
