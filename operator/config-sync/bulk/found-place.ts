/**
 * Whether the Nacos where a NacosConfigSync looks is the one whose dataIds its objects hold, as its status tells: what
 * another one does not have is no evidence that anybody has removed it. Asked before anything goes, since another Nacos may
 * stand behind the same address by then.
 */
import type { NacosConfigSync } from '../../api/resources.ts';
import type { ConnectionHandle } from '../../connections/connection-directory.ts';
import { isSamePlace, movedOn, serversOf, type NacosPlace } from '../base/nacos-place.ts';
import { readPlaceId } from '../base/place-id.ts';

export class FoundPlace {
  /** Of what the objects hold; undefined before anything was found, and in what versions before 0.2 have left. */
  known: NacosPlace | undefined;
  /** The objects may hold what another Nacos has. */
  isAnother = false;
  #found: NacosPlace | undefined;

  constructor({ status }: NacosConfigSync) {
    const { place } = status ?? {};
    this.known = place && { id: place.id, namespaceId: place.namespaceId ?? '', servers: place.servers };
  }

  /** @throws BridgeError while it cannot be asked. */
  async look({ client, servers }: ConnectionHandle, namespaceId: string): Promise<void> {
    const read = await readPlaceId(client, namespaceId);
    const found = { id: read.kind === 'known' ? read.id : undefined, namespaceId, servers: serversOf(servers) };
    const hasLostId = this.known?.id !== undefined && read.kind === 'absent';
    this.isAnother = hasLostId || !isSamePlace(this.known, { ...found, hasUnbound: true });
    this.#found = movedOn(this.isAnother ? undefined : this.known, found);
  }

  get wasFound(): boolean {
    return this.#found !== undefined;
  }

  /** All that the objects hold is of here. */
  settled(): void {
    this.known = this.#found ?? this.known;
    this.isAnother = false;
  }
}
