/** What is done and checked, in this order: what has to be there first, then both directions, for configs and for services. */
import type { Check } from './check.ts';
import { configChecks, deletionChecks } from './config-checks.ts';
import { serviceChecks } from './service-checks.ts';
import { surfaceChecks } from './surface-checks.ts';

export const setUp: readonly Check[] = [
  {
    name: 'the CustomResourceDefinitions are established',
    run: ({ installation }) => installation.installDefinitions(),
  },
  { name: 'the namespace of the examples is made', run: ({ installation }) => installation.makeNamespace() },
  { name: 'the operator is ready', run: (sandbox) => sandbox.startOperator() },
  { name: 'both sides are watched', run: ({ observed, signal }) => observed.start(signal) },
  { name: 'the examples are applied', run: ({ installation }) => installation.applyExamples() },
];

export const roundTrip: readonly Check[] = [...configChecks, ...serviceChecks, ...surfaceChecks, ...deletionChecks];
