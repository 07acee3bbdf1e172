/** Rules of the base and its place that the operator of the model does not obey when they are named. */
import type { NacosPlaces } from '../../../operator/config-sync/base/nacos-places.ts';
import type { PlaceNow } from '../../../operator/config-sync/base/nacos-place.ts';
import type { ConnectionHandle } from '../../../operator/connections/connection-directory.ts';

export const defects = [
  'knows no places',
  'asks for an id once',
  'does not ask again before it acts',
  'makes ids without comparing',
  'makes a new id for one that was lost',
  'takes any namespace for the one that lost its id',
  'takes bases without a place for those of here',
  'takes all servers for the same',
] as const;
export type Defect = (typeof defects)[number];

const everywhere: PlaceNow = { id: 'everywhere', namespaceId: '', servers: [], hasUnbound: true };
/** With them nothing is asked again before a decision is done either, or that would notice. */
const blind: readonly Defect[] = [
  'knows no places',
  'asks for an id once',
  'does not ask again before it acts',
  'takes bases without a place for those of here',
];

/** `places` with those defects that are about it; `look` is told when a look begins and ends. */
export function spoiled(
  places: NacosPlaces,
  broken: ReadonlySet<Defect>,
  look: (isLooking: boolean) => void,
): NacosPlaces {
  const known = new Map<unknown, Promise<PlaceNow>>();
  const ask = async (connection: ConnectionHandle, namespaceId: string): Promise<PlaceNow> => {
    look(true);
    try {
      return await places.at(connection, namespaceId);
    } finally {
      look(false);
    }
  };
  const askOnce = (connection: ConnectionHandle, namespaceId: string): Promise<PlaceNow> => {
    const asked = known.get(connection.client) ?? ask(connection, namespaceId);
    known.set(connection.client, asked);
    return asked;
  };
  const at = async (connection: ConnectionHandle, namespaceId: string): Promise<PlaceNow> => {
    if (broken.has('knows no places')) return everywhere;
    const place = await (broken.has('asks for an id once') ? askOnce : ask)(connection, namespaceId);
    return broken.has('takes bases without a place for those of here') ? { ...place, hasUnbound: true } : place;
  };
  const isCurrent = async (connection: ConnectionHandle, place: PlaceNow): Promise<boolean> =>
    blind.some((defect) => broken.has(defect)) || places.isCurrent(connection, place);
  return { at, isCurrent } as unknown as NacosPlaces;
}
