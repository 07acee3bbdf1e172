/** Rules of the base and its place that the operator of the model does not obey when they are named. */
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
