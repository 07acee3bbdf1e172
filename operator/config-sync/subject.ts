/**
 * One NacosConfig with content in Kubernetes at one look: everything that its decision and its writes are about.
 */
import type { NacosConfig } from '../api/resources.ts';
import type { DeclaringIntent } from './intent.ts';
import type { ContentPlace, DeclaredContent } from './places/content-place.ts';
import type { ConfigSession } from './session.ts';

export interface Subject<I extends DeclaringIntent = DeclaringIntent> {
  resource: NacosConfig;
  intent: I;
  place: ContentPlace;
  declared: DeclaredContent;
  session: ConfigSession;
  /** The mark of ownership of this NacosConfig. */
  mark: string;
}
