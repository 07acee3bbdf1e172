/** What has to be there before anything can be seen, in this order. */
import type { Check } from './check.ts';

export const setUp: readonly Check[] = [
  {
    name: 'the CustomResourceDefinitions are established',
    isFundamental: true,
    run: (sandbox) => sandbox.installDefinitions(),
  },
  { name: 'the namespace of the examples is made', isFundamental: true, run: (sandbox) => sandbox.makeNamespace() },
  { name: 'the operator is ready', isFundamental: true, run: (sandbox) => sandbox.startOperator() },
  { name: 'both sides are watched', isFundamental: true, run: (sandbox) => sandbox.watch() },
  { name: 'the examples are applied', isFundamental: true, run: (sandbox) => sandbox.applyExamples() },
];
