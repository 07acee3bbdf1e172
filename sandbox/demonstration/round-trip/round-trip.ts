/** All that is checked of a sandbox that is set up, in this order: both directions, for configs and for services. */
import type { Check } from './check.ts';
import { configChecks } from './config-checks.ts';
import { deletionChecks } from './deletion-checks.ts';
import { serviceChecks } from './service-checks.ts';
import { surfaceChecks } from './surface-checks.ts';

export const roundTrip: readonly Check[] = [...configChecks, ...serviceChecks, ...surfaceChecks, ...deletionChecks];
