/** Rules of the relief that a replica of the model does not obey when they are named. */
export const defects = [
  'relieves replicas of other installations',
  'relieves replicas of other scopes',
  'lists no connections',
  'takes connections that cannot be used for nothing owed',
  'meets others only where it publishes',
  'lets a former client go at once',
  'is blind by its Lease only',
  'reads old entries',
  'takes a name for good',
  'names before its records are known everywhere',
  'names without a list',
  'closes as soon as it is blind',
] as const;
export type Defect = (typeof defects)[number];
