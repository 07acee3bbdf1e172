/** The format that `spec.formats` declares for a dataId: that of the first pattern that matches. Pure. */
import type { NacosConfigSync } from '../../api/resources.ts';
import { wildcard } from '../../nacos/index.ts';
import type { ConfigFormat } from '../formats/format.ts';

/** Undefined where none does, so that the extension decides. */
export function declaredFormat({ formats = [] }: NacosConfigSync['spec'], dataId: string): ConfigFormat | undefined {
  return formats.find((one) => wildcard(one.dataId)(dataId))?.format;
}
