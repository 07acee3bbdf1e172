/**
 * What once went wrong, or could, as schedules for the model: each ends well, and does not with the defects that it is about.
 * Random ones find most of these as well, though not each of them each time.
 */
import type { Defect } from './model-defects.ts';
import type { Cast, Disturbance } from './relief-model.ts';

export interface Schedule {
  readonly title: string;
  readonly cast: Cast;
  readonly disturbances: readonly Disturbance[];
  readonly failsWith: readonly Defect[];
}

export const two: Cast = [
  ['one', 'a,b'],
  ['one', 'a,b'],
];
export const three: Cast = [...two, ['one', 'a,b']];
/** Two installations, each with namespaces of its own. */
export const apart: Cast = [
  ['one', 'a'],
  ['other', 'b'],
];
/** One replica is of other options than the other: an installation is being rolled. */
export const rolling: Cast = [
  ['one', 'a,b'],
  ['one', 'b'],
];

const wait = (seconds: number): Disturbance => ({ do: 'wait', seconds });
const create = (instance: string): Disturbance => ({ do: 'create', instance });
const remove = (instance: string): Disturbance => ({ do: 'delete', instance });
const cut = (replica: number): Disturbance => ({ do: 'api-link', replica, isUp: false });
const join = (replica: number): Disturbance => ({ do: 'api-link', replica, isUp: true });

export const schedules: readonly Schedule[] = [
  {
    title: 'a second installation sees the first one go blind',
    cast: apart,
    disturbances: [create('c0/a/1'), create('c0/b/1'), wait(20), cut(0), wait(60)],
    failsWith: ['relieves replicas of other installations'],
  },
  {
    title: 'a replica with other options sees another one go blind',
    cast: rolling,
    disturbances: [create('c0/a/1'), create('c0/b/1'), wait(20), cut(0), wait(60)],
    failsWith: ['relieves replicas of other scopes'],
  },
  {
    title: 'a connection is new and shares a client, and only the blind one has it',
    cast: two,
    disturbances: [
      create('c0/a/1'),
      wait(20),
      { do: 'watch', replica: 1, resource: 'connections', state: 'fails' },
      wait(2),
      create('c2/a/1'),
      wait(8),
      cut(0),
      wait(60),
    ],
    failsWith: [],
  },
  {
    title: 'a connection is new, and the watch of connections hangs',
    cast: two,
    disturbances: [
      create('c0/a/1'),
      wait(20),
      { do: 'watch', replica: 1, resource: 'connections', state: 'hangs' },
      create('c2/a/1'),
      wait(20),
      cut(0),
      wait(12),
      remove('c0/a/1'),
      wait(300),
    ],
    failsWith: ['lists no connections'],
  },
  {
    title: 'the last service goes while one is relieved',
    cast: two,
    disturbances: [create('c0/a/1'), wait(20), cut(1), wait(60), remove('c0/a/0'), remove('c0/a/1'), wait(300)],
    failsWith: ['meets others only where it publishes'],
  },
  {
    title: 'the only service of one of two Nacos namespaces goes while one is relieved',
    cast: two,
    disturbances: [create('c1/a/1'), wait(20), cut(1), wait(60), remove('c1/a/1'), wait(300)],
    failsWith: ['meets others only where it publishes'],
  },
  {
    title: 'endpoints are not seen, and the Lease is renewed',
    cast: two,
    disturbances: [
      create('c0/a/1'),
      wait(20),
      { do: 'watch', replica: 1, resource: 'instances', state: 'fails' },
      remove('c0/a/1'),
      wait(300),
    ],
    failsWith: ['is blind by its Lease only'],
  },
  {
    title: 'an old entry names a replica, and its writer says Lost by now',
    cast: two,
    disturbances: [
      create('c0/a/1'),
      wait(20),
      cut(1),
      wait(40),
      { do: 'remainders', replica: 0 },
      cut(0),
      wait(30),
      { do: 'crash', replica: 0 },
      wait(100),
    ],
    failsWith: ['reads old entries'],
  },
  {
    title: 'an entry outlives the replica that relieves another one',
    cast: two,
    disturbances: [
      create('c0/a/1'),
      wait(20),
      cut(1),
      wait(40),
      { do: 'remainders', replica: 0 },
      { do: 'crash', replica: 0 },
      wait(100),
    ],
    failsWith: ['takes a name for good'],
  },
  {
    title: 'one is relieved, and reads what another server knew before',
    cast: two,
    disturbances: [
      create('c1/a/1'),
      wait(20),
      cut(1),
      wait(80),
      remove('c1/a/1'),
      wait(300),
      { do: 'push-delay', replica: 1, seconds: 3 },
      wait(30),
      { do: 'push-delay', replica: 1, seconds: 0 },
      wait(30),
    ],
    failsWith: [],
  },
  {
    title: 'a record is new, and the other servers know it later than the entry',
    cast: two,
    disturbances: [
      { do: 'record-delay', replica: 0, seconds: 3 },
      create('c0/a/1'),
      wait(20),
      { do: 'watch-delay', replica: 0, resource: 'instances', seconds: 45 },
      create('c0/a/2'),
      wait(2),
      cut(1),
      wait(60),
    ],
    failsWith: ['names before its records are known everywhere'],
  },
  {
    title: 'the sighted replica knows less than the blind one: its watch lags',
    cast: two,
    disturbances: [
      { do: 'watch-delay', replica: 0, resource: 'instances', seconds: 45 },
      create('c0/a/1'),
      create('c0/a/2'),
      wait(2),
      cut(1),
      wait(60),
    ],
    failsWith: ['names without a list'],
  },
  {
    title: 'a connection moves to servers that do not answer, and the one that knew the former ones is new',
    cast: two,
    disturbances: [
      create('c0/a/1'),
      create('c2/a/1'),
      wait(20),
      cut(1),
      wait(5),
      { do: 'nacos', nacos: 'k1', isUp: false },
      { do: 'crash', replica: 0 },
      { do: 'move', connection: 'c2', nacos: 'k1' },
      { do: 'start', replica: 0 },
      wait(120),
    ],
    failsWith: ['takes connections that cannot be used for nothing owed'],
  },
  {
    title: 'a connection moves while one is relieved',
    cast: two,
    disturbances: [
      create('c0/a/1'),
      create('c0/a/2'),
      wait(20),
      cut(1),
      wait(60),
      { do: 'move', connection: 'c0', nacos: 'k1' },
      wait(10),
      remove('c0/a/1'),
      wait(300),
    ],
    failsWith: ['meets others only where it publishes'],
  },
  {
    title: 'a connection moves to servers that do not answer',
    cast: two,
    disturbances: [
      create('c0/a/1'),
      wait(20),
      { do: 'nacos', nacos: 'k1', isUp: false },
      { do: 'move', connection: 'c0', nacos: 'k1' },
      wait(60),
    ],
    failsWith: ['lets a former client go at once'],
  },
  {
    title: 'a connection moves, and its new servers know a record later than the former ones the entry',
    cast: two,
    disturbances: [
      { do: 'record-delay', replica: 0, seconds: 3 },
      wait(20),
      { do: 'watch-delay', replica: 0, resource: 'instances', seconds: 45 },
      create('c0/a/2'),
      wait(2),
      { do: 'move', connection: 'c0', nacos: 'k1' },
      cut(1),
      wait(60),
    ],
    failsWith: ['names before its records are known everywhere'],
  },
  {
    title: 'the API server is lost for all, one after the other',
    cast: two,
    disturbances: [
      create('c0/a/1'),
      wait(20),
      cut(1),
      wait(14),
      { do: 'api', isUp: false },
      wait(60),
      join(1),
      wait(60),
    ],
    failsWith: ['closes as soon as it is blind'],
  },
];
